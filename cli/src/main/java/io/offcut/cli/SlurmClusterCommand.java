package io.offcut.cli;

import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Table;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmClusterStatus;
import io.offcut.slurm.SlurmNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut slurm-cluster start|stop|status}. */
@Command(
        name = "slurm-cluster",
        description = "A private Slurm cluster on this machine, for tests and demonstrations.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            SlurmClusterCommand.Start.class,
            SlurmClusterCommand.Stop.class,
            SlurmClusterCommand.Status.class
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut slurm-cluster start /tmp/slurm --nodes 4")
final class SlurmClusterCommand {
    private static final Duration PLUGIN_DEADLINE = Duration.ofSeconds(5);

    /** {@code offcut slurm-cluster start}. */
    @Command(
            name = "start",
            description = "Starts a cluster and leaves it running.",
            footerHeading = "%nExample:%n",
            footer = "  offcut slurm-cluster start /tmp/slurm --nodes 4 --cpus 8")
    static final class Start implements Callable<Integer> {
        private final Io io;

        @Parameters(
                paramLabel = "DIR",
                description = "New, empty, or left by a cluster that ended.")
        Path directory = Path.of("");

        @Option(names = "--nodes", paramLabel = "N", description = "How many. Default: 2.")
        int nodes = 2;

        @Option(
                names = "--cpus",
                paramLabel = "N",
                description = "CPUs of each node. Default: those of this machine.")
        @Nullable Integer cpus;

        @Option(
                names = "--memory",
                paramLabel = "SIZE",
                converter = Quantities.Bytes.class,
                description = "Memory of each node. Default: 2G.")
        long memoryBytes = 2L << 30;

        @Option(names = "--plugin", description = "With Offcut's SPANK plugin.")
        boolean plugin;

        @Option(
                names = "--line",
                paramLabel = "TEXT",
                description = "One more line of slurm.conf, as a partition. May be repeated.")
        List<String> lines = List.of();

        Start(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            SlurmCluster cluster = SlurmCluster.start(config());
            io.print(
                    "slurm cluster of "
                            + String.join(", ", cluster.nodeNames())
                            + ": export SLURM_CONF="
                            + cluster.slurmConf());
            return 0;
        }

        private SlurmClusterConfig config() {
            try {
                int megabytes = Math.toIntExact(memoryBytes >> 20);
                SlurmClusterConfig config =
                        cpus == null
                                ? SlurmClusterConfig.realNodes(nodes, megabytes)
                                : SlurmClusterConfig.fakeNodes(nodes, cpus, megabytes);
                config =
                        config.in(directory.toAbsolutePath())
                                .withLines(lines.toArray(String[]::new))
                                .keptOnExit();
                return plugin ? config.withOffcutPlugin(PLUGIN_DEADLINE) : config;
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new OffcutException(
                        ErrorCode.USAGE, "slurm-cluster: " + e.getMessage() + ": change that", e);
            }
        }
    }

    /** {@code offcut slurm-cluster stop}. */
    @Command(
            name = "stop",
            description = "Ends the jobs and daemons of a cluster; its files stay.",
            footerHeading = "%nExample:%n",
            footer = "  offcut slurm-cluster stop /tmp/slurm")
    static final class Stop implements Callable<Integer> {
        private final Io io;

        @Parameters(paramLabel = "DIR", description = "As it was started.")
        Path directory = Path.of("");

        Stop(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            SlurmCluster.attach(directory.toAbsolutePath()).stop();
            io.print("stopped " + directory);
            return 0;
        }
    }

    /** {@code offcut slurm-cluster status}. */
    @Command(
            name = "status",
            description = "Shows daemons and nodes of a cluster. Exit code 3 if not all is well.",
            footerHeading = "%nExample:%n",
            footer = "  offcut slurm-cluster status /tmp/slurm --format json")
    static final class Status implements Callable<Integer> {
        private final Io io;

        @Mixin FormatOption format = new FormatOption();

        @Parameters(paramLabel = "DIR", description = "As it was started.")
        Path directory = Path.of("");

        Status(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            SlurmClusterStatus status = SlurmCluster.attach(directory.toAbsolutePath()).status();
            io.print(format.json() ? JsonOut.text(status) : text(status));
            return status.healthy() ? 0 : ErrorCode.UNREACHABLE.exitCode();
        }

        private String text(SlurmClusterStatus status) {
            Table daemons = new Table("DAEMON", " PID", "STATE");
            status.daemons()
                    .forEach(d -> daemons.row(d.name(), d.pid(), d.alive() ? "up" : "gone"));
            return daemons.render(io.terminal())
                    + "\n\n"
                    + nodes(status.nodes()).render(io.terminal())
                    + "\n\nSLURM_CONF="
                    + status.slurmConf();
        }

        private static Table nodes(List<SlurmNode> nodes) {
            Table table = new Table("NODE", "STATE", " CPUS", " ALLOCATED", "REASON");
            nodes.forEach(
                    n -> table.row(n.name(), n.state(), n.cpus(), n.allocatedCpus(), n.reason()));
            return table;
        }
    }
}
