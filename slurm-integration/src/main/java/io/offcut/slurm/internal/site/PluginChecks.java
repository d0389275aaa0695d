package io.offcut.slurm.internal.site;

import static io.offcut.slurm.SiteFinding.change;
import static io.offcut.slurm.SiteFinding.note;
import static io.offcut.slurm.SiteFinding.ok;
import static io.offcut.slurm.SiteFinding.unchecked;

import io.offcut.slurm.SiteFinding;
import io.offcut.slurm.internal.parse.SlurmText;
import io.offcut.slurm.internal.site.SiteFacts.PluginFile;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import java.util.ArrayList;
import java.util.List;

/** Does Slurm load the plugin, may it, and is it told the right things? */
final class PluginChecks {
    /** As the plugin's own settings.c has it. */
    private static final int MAX_DEADLINE_MILLIS = 60_000;

    private static final int LONG_DEADLINE_MILLIS = 2_000;
    private static final int MAX_SOCKET_BYTES = 107;
    private static final String STACK = "plugstack.conf";
    private static final String LINE = "optional /usr/local/lib/slurm/offcut.so";

    private PluginChecks() {}

    static List<SiteFinding> of(SiteFacts facts, String slurmRelease) {
        List<SiteFinding> findings = new ArrayList<>();
        Plugstack stack = facts.plugstack();
        stack.warnings()
                .forEach(warning ->
                        findings.add(note(STACK, warning, "mend or remove that line of " + STACK)));
        findings.add(line(stack));
        if (!stack.offcut().isEmpty()) {
            findings.add(arguments(stack.offcut().getFirst()));
        }
        PluginFile plugin = facts.plugin();
        if (plugin != null) {
            findings.addAll(file(plugin, slurmRelease));
        }
        return findings;
    }

    private static SiteFinding line(Plugstack stack) {
        if (stack.place().isEmpty()) {
            return unchecked(
                    STACK,
                    stack.problem(),
                    "run this again where slurmd runs, or with --slurm-conf");
        }
        if (stack.offcut().isEmpty()) {
            boolean unread = !stack.problem().isEmpty();
            return change(
                    STACK,
                    stack.place() + (unread ? " " + stack.problem() : " does not name offcut.so"),
                    "add the line '"
                            + LINE
                            + "' there, on every machine, and restart slurmd: without it jobs start"
                            + " while functions still run on their cores, and --offcut is unknown");
        }
        Plugstack.Line first = stack.offcut().getFirst();
        if (stack.offcut().size() > 1) {
            return change(
                    STACK,
                    first.place() + " and " + stack.offcut().get(1).place(),
                    "leave one line that names offcut.so: each of them tells the daemon of every"
                            + " job, and each waits");
        }
        return first.required()
                ? change(
                        STACK,
                        first.place() + ": required",
                        "write 'optional' instead of 'required': with 'required' every job fails"
                                + " when the file is missing or of another Slurm")
                : ok(STACK, first.place() + ": optional");
    }

    private static SiteFinding arguments(Plugstack.Line line) {
        List<String> wrong = line.arguments().stream().filter(a -> !known(a)).toList();
        String check = "plugin arguments";
        if (!wrong.isEmpty()) {
            return change(
                    check,
                    String.join(" ", wrong),
                    "mend it in "
                            + line.place()
                            + ": socket=/PATH of at most 107 bytes, deadline_ms=1 to 60000,"
                            + " share=on|off; the plugin passes over what it does not know and"
                            + " takes its default");
        }
        int deadline = deadlineMillis(line);
        return deadline > LONG_DEADLINE_MILLIS
                ? note(
                        check,
                        "deadline_ms=" + deadline,
                        "lower it to 100 in "
                                + line.place()
                                + ": when a daemon hangs, the start of every job waits so long")
                : ok(
                        check,
                        line.arguments().isEmpty() ? "none" : String.join(" ", line.arguments()));
    }

    private static int deadlineMillis(Plugstack.Line line) {
        return line.arguments().stream()
                .filter(a -> a.startsWith("deadline_ms="))
                .mapToInt(a -> SlurmText.number(a.substring(12), 0))
                .max()
                .orElse(0);
    }

    private static boolean known(String argument) {
        String value = argument.substring(argument.indexOf('=') + 1);
        return switch (argument.substring(0, argument.length() - value.length())) {
            case "socket=" -> value.startsWith("/") && value.length() <= MAX_SOCKET_BYTES;
            case "deadline_ms=" -> {
                int millis = SlurmText.number(value, 0);
                yield millis >= 1 && millis <= MAX_DEADLINE_MILLIS;
            }
            case "share=" -> value.equals("on") || value.equals("off");
            default -> false;
        };
    }

    private static List<SiteFinding> file(PluginFile plugin, String slurmRelease) {
        if (!plugin.problem().isEmpty()) {
            return List.of(
                    change(
                            "plugin file",
                            plugin.path() + " " + plugin.problem(),
                            "install offcut.so there, or correct the path in plugstack.conf: Slurm"
                                    + " passes over an optional plugin that it cannot load"));
        }
        SiteFinding owner =
                plugin.writers().isEmpty()
                        ? ok("plugin file", plugin.path())
                        : change(
                                "plugin file",
                                plugin.writers(),
                                "chown it to root and chmod it go-w: whoever can change it runs"
                                        + " code as root on every node");
        return List.of(owner, version(plugin, slurmRelease));
    }

    private static SiteFinding version(PluginFile plugin, String slurmRelease) {
        String check = "plugin version";
        String made = plugin.slurmVersion();
        if (made.isEmpty()) {
            return change(
                    check,
                    plugin.path() + " has no plugin_version",
                    "build it again on this system with make -C spank in the distribution (-C"
                            + " slurm-integration/spank in the sources): Slurm loads only its own"
                            + " plugins");
        }
        if (slurmRelease.isEmpty()) {
            return unchecked(check, "made for " + made + ", Slurm's version is not known", "");
        }
        return SlurmChecks.release(made).equals(slurmRelease)
                ? ok(check, "made for " + made)
                : change(
                        check,
                        "made for " + made + ", Slurm is " + slurmRelease,
                        "build offcut.so again against this Slurm: one of another release is"
                                + " passed over, and jobs start unheard");
    }
}
