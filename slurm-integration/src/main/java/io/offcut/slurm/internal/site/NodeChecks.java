package io.offcut.slurm.internal.site;

import static io.offcut.slurm.SiteFinding.change;
import static io.offcut.slurm.SiteFinding.note;
import static io.offcut.slurm.SiteFinding.ok;
import static io.offcut.slurm.SiteFinding.unchecked;

import io.offcut.slurm.SiteDaemon;
import io.offcut.slurm.SiteFinding;
import io.offcut.slurm.internal.parse.FieldLine;
import io.offcut.slurm.internal.parse.SlurmText;
import io.offcut.slurm.internal.site.SiteFacts.Node;
import java.util.ArrayList;
import java.util.List;

/** Do the node daemon and this compute node fit the Slurm they serve? */
final class NodeChecks {
    private NodeChecks() {}

    static List<SiteFinding> of(SiteFacts facts, ConfigTable config) {
        Node node = facts.node();
        if (facts.config().text() == null) {
            return List.of();
        }
        if (node == null) {
            return List.of(
                    unchecked(
                            "this machine",
                            "no compute node of this Slurm",
                            "run this on a compute node too, as root: its daemon, socket and"
                                    + " control groups are seen only there"));
        }
        List<SiteFinding> findings = new ArrayList<>(daemon(node, facts.plugstack()));
        findings.add(controlGroups(node));
        findings.add(swap(node, config));
        return findings;
    }

    private static List<SiteFinding> daemon(Node node, SiteFacts.Plugstack stack) {
        SiteDaemon daemon = node.daemon();
        if (daemon == null) {
            return List.of(
                    node.root()
                            ? change(
                                    "node.yaml",
                                    node.daemonProblem(),
                                    "mend it: the node daemon does not start with it")
                            : unchecked("node.yaml", node.daemonProblem(), "run this as root"));
        }
        List<SiteFinding> findings = new ArrayList<>();
        findings.add(name(node, daemon));
        findings.add(slurmOn(daemon));
        findings.add(setAside(node, daemon));
        findings.add(
                node.root()
                        ? socket(node, daemon, stack)
                        : unchecked("plugin socket", "not root", "run this as root to try it"));
        return findings;
    }

    private static SiteFinding name(Node node, SiteDaemon daemon) {
        return daemon.name().equals(node.name())
                ? ok("node name", node.name())
                : change(
                        "node name",
                        "daemon: " + daemon.name() + ", Slurm: " + node.name(),
                        "set name: "
                                + node.name()
                                + " in node.yaml: under another name the daemon finds none of its"
                                + " jobs in Slurm");
    }

    private static SiteFinding slurmOn(SiteDaemon daemon) {
        return daemon.slurmOn()
                ? ok("node.yaml", "slurm: on")
                : change(
                        "node.yaml",
                        "slurm: off",
                        "set slurm: on in node.yaml: the daemon does not listen to the plugin, and"
                                + " offers cores that jobs hold as soon as they look idle");
    }

    /** Slurm never gives these cores to a job, so they look idle for ever. */
    private static SiteFinding setAside(Node node, SiteDaemon daemon) {
        FieldLine record = FieldLine.parse(node.record());
        String list = record.firstOr("CPUSpecList", "");
        int cores = SlurmText.number(record.first("CoreSpecCount"), 0);
        if (list.isEmpty() && cores == 0) {
            return ok("cores set aside", "none");
        }
        String found = list.isEmpty() ? cores + " cores" : "CPUs " + list;
        return daemon.cpus().isEmpty()
                ? change(
                        "cores set aside",
                        found,
                        "list the other CPUs under cpus: in node.yaml: Slurm keeps these for the"
                                + " system and gives them to no job, so the daemon takes them for"
                                + " idle")
                : ok("cores set aside", found + ", node.yaml has cpus: " + daemon.cpus());
    }

    private static SiteFinding socket(Node node, SiteDaemon daemon, SiteFacts.Plugstack stack) {
        String path = socketOf(stack, node.name());
        if (!path.equals(daemon.jobSocket())) {
            return change(
                    "plugin socket",
                    "plugin: " + path + ", daemon: " + daemon.jobSocket(),
                    "let socket= in plugstack.conf and jobSocket in node.yaml name the same: the"
                            + " daemon hears of no job");
        }
        String answer = node.socket().text();
        if (answer == null) {
            return change(
                    "plugin socket",
                    path + " " + node.socket().why(),
                    "start the node daemon, or see its log: jobs start as if Offcut were not there,"
                            + " on cores that functions may still have");
        }
        return answer.equals("OK")
                ? ok("plugin socket", path + " answers")
                : change(
                        "plugin socket",
                        path + " says " + answer,
                        "see who listens there: it is not a node daemon that hears root");
    }

    /** Where the plugin looks for the daemon of this node. */
    static String socketOf(SiteFacts.Plugstack stack, String node) {
        String pattern =
                stack.offcut().stream()
                        .flatMap(line -> line.arguments().stream())
                        .filter(argument -> argument.startsWith("socket=/"))
                        .reduce((_, last) -> last)
                        .map(argument -> argument.substring("socket=".length()))
                        .orElse("/var/lib/offcut/node/jobs.sock");
        int mark = pattern.indexOf("%n");
        return mark < 0 ? pattern : pattern.substring(0, mark) + node + pattern.substring(mark + 2);
    }

    private static SiteFinding controlGroups(Node node) {
        SiteFacts.Cgroups groups = node.cgroups();
        String check = "control groups";
        if (groups.version() == 0) {
            return change(
                    check,
                    "none",
                    "mount them at /sys/fs/cgroup: functions would run without bounds in memory and"
                            + " could not be frozen");
        }
        // Under version 2 every group can be frozen.
        List<String> needed =
                groups.version() == 1
                        ? List.of("cpuset", "memory", "freezer", "pids")
                        : List.of("cpuset", "memory", "pids");
        List<String> missing =
                needed.stream().filter(part -> !groups.controllers().contains(part)).toList();
        String found = "version " + groups.version();
        return missing.isEmpty()
                ? ok(check, found + ": " + String.join(", ", needed))
                : change(
                        check,
                        found + " without " + String.join(", ", missing),
                        "enable that in the kernel (cgroup_enable=memory on its command line, or"
                                + " Delegate=yes): functions would be bounded and frozen less"
                                + " well");
    }

    private static SiteFinding swap(Node node, ConfigTable config) {
        boolean constrained = ConfigTable.lower(config.get("ConstrainSwapSpace")).equals("yes");
        return node.swapBytes() == 0 || constrained
                ? ok("swap", node.swapBytes() == 0 ? "none" : "ConstrainSwapSpace=yes")
                : note(
                        "swap",
                        (node.swapBytes() >> 20) + " MiB, not constrained",
                        "set ConstrainSwapSpace=yes in cgroup.conf, or turn swap off: a job over"
                                + " its memory swaps instead of failing, and slows its neighbours");
    }
}
