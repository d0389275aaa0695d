package io.offcut.slurm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.site.Reading;
import io.offcut.slurm.internal.site.SiteChecks;
import io.offcut.slurm.internal.site.SiteFacts;
import io.offcut.slurm.internal.site.SiteFiles;
import io.offcut.slurm.internal.site.SiteMachine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks at how a site's Slurm is configured and says what Offcut wants otherwise. Changes nothing,
 * runs no code of the plugin, and may run as any user on any machine of the cluster; what cannot be
 * looked at there is said to be unchecked. Blocks: ten seconds when the controller is silent, forty
 * at most.
 */
public final class SiteDoctor {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /**
     * What is to be looked at.
     *
     * @param slurmConf the cluster's slurm.conf; null: where Slurm looks itself
     * @param node Slurm's name of this machine; null: its host name, if Slurm has such a node
     * @param daemon the configuration of this machine's node daemon; null if it cannot be read
     * @param daemonProblem why not
     */
    public record Question(
            @Nullable Path slurmConf,
            @Nullable String node,
            @Nullable SiteDaemon daemon,
            String daemonProblem) {}

    private final Question question;
    private final SlurmCommands commands;

    private SiteDoctor(Question question) {
        this.question = question;
        Path conf = question.slurmConf();
        this.commands =
                conf == null
                        ? SlurmCommands.ofSite(TIMEOUT)
                        : SlurmCommands.ofConfiguration(conf.toAbsolutePath(), TIMEOUT);
    }

    /**
     * Looks at the site.
     *
     * @throws OffcutException NOT_FOUND if Slurm does not know the node that was named
     */
    public static SiteReport examine(Question question) {
        return new SiteReport(SiteChecks.of(new SiteDoctor(question).facts()));
    }

    private SiteFacts facts() {
        Reading version = ask("Slurm's version", "scontrol", "-V");
        Reading config =
                version.text() == null
                        ? Reading.none(version.why())
                        : ask("the configuration", "scontrol", "show", "config");
        boolean answers = config.text() != null;
        Reading partitions =
                answers
                        ? ask("the partitions", "scontrol", "show", "partition", "-o")
                        : Reading.none(config.why());
        SiteFiles files = SiteFiles.locate(question.slurmConf(), config.text());
        SiteFacts.Plugstack stack = files.plugstack();
        return new SiteFacts(
                commands.installed(),
                version,
                config,
                partitions,
                files.cgroupConf(),
                stack,
                files.plugin(stack),
                answers ? node(stack) : null);
    }

    private Reading ask(String subject, String program, String... arguments) {
        try {
            List<String> lines = commands.lines(subject, program, arguments);
            return Reading.of(String.join("\n", lines));
        } catch (OffcutException e) {
            return Reading.none(e.getMessage());
        }
    }

    private SiteFacts.@Nullable Node node(SiteFacts.Plugstack stack) {
        String named = question.node();
        String name = named == null ? SiteMachine.hostName() : named;
        SlurmCommands.checkNodeName(name);
        String record = record(name);
        if (record.isEmpty() && named != null) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "Slurm does not know node " + name + ": see 'sinfo -N' for its names");
        }
        return record.isEmpty()
                ? null
                : new SiteFacts.Node(
                        name,
                        record,
                        question.daemon(),
                        question.daemonProblem(),
                        SiteMachine.isRoot(),
                        SiteMachine.ping(stack, name),
                        SiteMachine.cgroups(Path.of("/sys/fs/cgroup")),
                        SiteMachine.swapBytes());
    }

    private String record(String name) {
        Reading shown = ask("node " + name, "scontrol", "show", "node", "-o", name);
        String text = shown.text() == null ? "" : shown.text();
        return text.lines()
                .filter(line -> line.startsWith("NodeName=" + name + " "))
                .findFirst()
                .orElse("");
    }
}
