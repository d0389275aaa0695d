package io.offcut.cli;

import io.offcut.cli.output.Table;
import io.offcut.cli.output.Units;
import io.offcut.cli.pilot.PilotDaemon;
import io.offcut.cli.pilot.PilotFolders;
import io.offcut.cli.pilot.PilotQueue;
import io.offcut.cli.pilot.PilotStart;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.NodeConfig;
import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import io.offcut.slurm.SlurmCommands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code offcut pilot start|status|stop}. */
@Command(
        name = "pilot",
        description = {
            "Batch jobs of your own that offer idle nodes to your scheduler.",
            "For clusters where no administrator has installed Offcut."
        },
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            PilotCommand.Start.class,
            PilotCommand.Status.class,
            PilotCommand.Stop.class,
            PilotCommand.Run.class,
            PilotCommand.Rehearse.class
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut pilot start --partition idle --scheduler http://login1:7070")
final class PilotCommand {
    private static final Duration SLURM_PATIENCE = Duration.ofSeconds(30);

    private static SlurmCommands slurm() {
        SlurmCommands.requireConfiguration(null);
        return SlurmCommands.ofSite(SLURM_PATIENCE);
    }

    /** What {@code start} and {@code run} read of a daemon's configuration. */
    static final class DaemonOptions {
        @Option(
                names = "--config",
                paramLabel = "FILE",
                description =
                        "Configuration of the daemons, instead of ~/.config/offcut/node.yaml.")
        @Nullable Path config;

        @Option(
                names = "--scheduler",
                paramLabel = "URL",
                description = "Address of the scheduler.")
        @Nullable String schedulerUrl;

        @Option(
                names = "--grace",
                paramLabel = "TIME",
                converter = Quantities.Time.class,
                description = "How long before its limit a pilot leaves. Default: 30s.")
        Duration grace = Duration.ofSeconds(30);

        @Option(
                names = "--set",
                paramLabel = "KEY=VALUE",
                description = "Any key of the daemons' configuration. May be repeated.")
        Map<String, String> settings = Map.of();

        NodeConfig load(Io io, Map<String, Object> keys) {
            Map<String, @Nullable Object> flags = new HashMap<>(keys);
            flags.put("schedulerUrl", schedulerUrl);
            flags.putAll(settings);
            return io.config().load(NodeCommand.COMPONENT, config, flags);
        }

        /** The same for another process. */
        List<String> arguments(NodeConfig loaded) {
            List<String> arguments =
                    new ArrayList<>(
                            List.of(
                                    "--scheduler",
                                    loaded.schedulerUrl(),
                                    "--grace",
                                    grace.toSeconds() + "s"));
            if (config != null) {
                arguments.addAll(List.of("--config", config.toAbsolutePath().toString()));
            }
            settings.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
            return arguments;
        }
    }

    /** {@code offcut pilot start}. */
    @Command(
            name = "start",
            description = {
                "Keeps pilots queued until it is interrupted.",
                "Those that wait or run then go on until 'offcut pilot stop' or their limit. A pilot"
                        + " that somebody cancels ends it, too."
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut pilot start --partition idle --pilots 8 --times 2h,30m,10m")
    static final class Start implements Callable<Integer> {
        private final Io io;

        @Mixin DaemonOptions daemon = new DaemonOptions();

        @Option(
                names = "--partition",
                paramLabel = "P",
                required = true,
                description = "Where they wait; its jobs should be preemptible.")
        String partition = "";

        @Option(
                names = "--pilots",
                paramLabel = "N",
                description = "How many wait and run at most. Default: 4.")
        int pilots = 4;

        @Option(
                names = "--times",
                paramLabel = "TIMES",
                split = ",",
                converter = Quantities.Time.class,
                description = "Their time limits: short ones fit holes. Default: 2h,30m,10m.")
        List<Duration> times =
                List.of(Duration.ofHours(2), Duration.ofMinutes(30), Duration.ofMinutes(10));

        @Option(
                names = "--cores",
                paramLabel = "N",
                description = "Cores of each. Default: whole nodes.")
        int cores;

        @Option(
                names = "--memory",
                paramLabel = "SIZE",
                converter = Quantities.Bytes.class,
                description = "With --cores: memory of each. Default: the site's.")
        long memoryBytes;

        @Option(
                names = "--per-minute",
                paramLabel = "N",
                description = "How many are submitted within a minute. Default: 30.")
        int perMinute = 30;

        @Option(
                names = "--interval",
                paramLabel = "TIME",
                converter = Quantities.Time.class,
                description = "How often Slurm is asked. Default: 10s.")
        Duration interval = Duration.ofSeconds(10);

        @Option(
                names = "--sbatch",
                paramLabel = "OPTION",
                description = "One more option of sbatch, as --sbatch=--account=physics.")
        List<String> sbatch = List.of();

        Start(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() throws InterruptedException {
            check();
            NodeConfig config = daemon.load(io, Map.of());
            PilotStart start =
                    new PilotStart(
                            slurm(),
                            config,
                            partition,
                            pilots,
                            times,
                            cores,
                            memoryBytes,
                            daemon.grace,
                            perMinute,
                            interval,
                            sbatch,
                            io::say);
            try (Stopping stopping = Stopping.onSignal()) {
                start.run(
                        daemon.arguments(config),
                        time -> {
                            stopping.await(time);
                            return !stopping.stopped();
                        });
                if (stopping.stopped()) {
                    io.say("no more pilots are queued; 'offcut pilot stop' ends those there are");
                }
            }
            return 0;
        }

        private void check() {
            require(pilots >= 1 && pilots <= 10_000, "--pilots", "from 1 to 10000");
            require(cores >= 0 && memoryBytes >= 0, "--cores", "0 or more");
            require(perMinute >= 1, "--per-minute", "1 or more");
            require(memoryBytes == 0 || memoryBytes >= 1L << 20, "--memory", "at least 1M");
            require(memoryBytes == 0 || cores > 0, "--memory", "given with --cores");
            require(
                    interval.compareTo(Duration.ofMillis(500)) >= 0
                            && interval.compareTo(Duration.ofDays(1)) <= 0,
                    "--interval",
                    "from 500ms to 1d");
            require(
                    daemon.grace.toSeconds() >= 1 && daemon.grace.toSeconds() <= 65_535,
                    "--grace",
                    "from 1s to 65535s");
            require(!times.isEmpty(), "--times", "one or more times, as 2h,30m");
        }

        private static void require(boolean right, String option, String expected) {
            if (!right) {
                throw new OffcutException(
                        ErrorCode.USAGE, "pilot start: " + option + " must be " + expected);
            }
        }
    }

    /** Those of one partition, or all. */
    static final class PartitionOption {
        @Option(
                names = "--partition",
                paramLabel = "P",
                description = "Only those of this partition.")
        String partition = "";
    }

    /** {@code offcut pilot status}. */
    @Command(
            name = "status",
            description = "Lists your pilots, also those that ended a short while ago.",
            footerHeading = "%nExample:%n",
            footer = "  offcut pilot status --format json")
    static final class Status implements Callable<Integer> {
        private final Io io;

        @Mixin PartitionOption where = new PartitionOption();
        @Mixin FormatOption format = new FormatOption();

        Status(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            List<QueuedJob> pilots = PilotQueue.of(slurm(), where.partition);
            format.print(io, pilots.stream().map(Pilot::of).toList(), () -> table(pilots));
            if (pilots.stream().anyMatch(pilot -> !pilot.active())) {
                io.say("logs of pilots that did not end well: " + PilotFolders.logs());
            }
            return 0;
        }

        /** One pilot as scripts read it; the node's name at the scheduler is node-jobId. */
        record Pilot(
                String jobId,
                JobState state,
                String partition,
                @Nullable Long limitSeconds,
                String node,
                @Nullable Long endEpochMillis,
                String reason) {
            static Pilot of(QueuedJob job) {
                return new Pilot(
                        job.jobId(),
                        job.state(),
                        job.partition(),
                        job.limit() == null ? null : job.limit().toSeconds(),
                        job.node(),
                        job.end() == null ? null : job.end().toEpochMilli(),
                        job.reason());
            }
        }

        private static Table table(List<QueuedJob> pilots) {
            Table table =
                    new Table("JOB", "STATE", "PARTITION", " LIMIT", "NODE", " LEFT", "REASON")
                            .expendable("LIMIT", "PARTITION");
            for (QueuedJob pilot : pilots) {
                boolean runs = pilot.state() == JobState.RUNNING && pilot.end() != null;
                table.row(
                        pilot.jobId(),
                        pilot.state(),
                        pilot.partition(),
                        pilot.limit() == null ? "" : Units.time(pilot.limit().toMillis()),
                        pilot.node(),
                        runs ? left(pilot) : "",
                        pilot.state() == JobState.PENDING ? pilot.reason() : "");
            }
            return table;
        }

        private static String left(QueuedJob pilot) {
            long millis =
                    pilot.end() == null
                            ? 0
                            : pilot.end().toEpochMilli() - System.currentTimeMillis();
            return Units.time(Math.max(0, millis));
        }
    }

    /** {@code offcut pilot stop}. */
    @Command(
            name = "stop",
            description = {
                "Cancels your pilots that wait or run.",
                "A 'pilot start' that sees it ends, too, wherever it runs."
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut pilot stop --partition idle")
    static final class Stop implements Callable<Integer> {
        private final Io io;

        @Mixin PartitionOption where = new PartitionOption();

        Stop(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() {
            SlurmCommands slurm = slurm();
            List<String> active =
                    PilotQueue.of(slurm, where.partition).stream()
                            .filter(QueuedJob::active)
                            .filter(pilot -> pilot.state() != JobState.COMPLETING)
                            .map(QueuedJob::jobId)
                            .toList();
            slurm.cancel(active);
            io.print(active.isEmpty() ? "no pilots" : "cancelled " + active.size() + " pilots");
            if (active.isEmpty()) {
                io.say("a 'pilot start' that still runs may queue more: then stop again");
            }
            return 0;
        }
    }

    /** {@code offcut pilot run}: what the job runs. */
    @Command(
            name = "run",
            hidden = true,
            description = "Runs the daemon of a pilot inside its job.",
            footerHeading = "%nExample:%n",
            footer = "  offcut pilot run --scheduler http://login1:7070")
    static final class Run implements Callable<Integer> {
        private final Io io;

        @Mixin DaemonOptions daemon = new DaemonOptions();

        Run(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() throws IOException, InterruptedException {
            NodeConfig site = daemon.load(io, Map.of());
            // To the last line: when it is closed the process may end at any moment.
            try (Stopping stopping = Stopping.onSignal()) {
                if (serve(site, stopping) == PilotDaemon.End.NO_SCHEDULER) {
                    throw new OffcutException(
                            ErrorCode.UNREACHABLE,
                            "no scheduler at " + site.schedulerUrl() + ": this pilot is of no use");
                }
                Files.deleteIfExists(PilotFolders.log(System.getenv("SLURM_JOB_ID")));
            }
            return 0;
        }

        private PilotDaemon.End serve(NodeConfig site, Stopping stopping)
                throws InterruptedException {
            try (PilotDaemon pilot =
                    PilotDaemon.start(
                            System.getenv(), site, daemon.grace, keys -> daemon.load(io, keys))) {
                io.print("offcut pilot: ready at " + pilot.uri());
                return pilot.await(time -> {
                    stopping.await(time);
                    return !stopping.stopped();
                });
            }
        }
    }

    /** {@code offcut pilot rehearse}: what the making of an archive runs. */
    @Command(
            name = "rehearse",
            hidden = true,
            description = "Starts a daemon that offers nothing, and ends it.",
            footerHeading = "%nExample:%n",
            footer = "  offcut pilot rehearse")
    static final class Rehearse implements Callable<Integer> {
        private final Io io;

        Rehearse(Io io) {
            this.io = io;
        }

        @Override
        public Integer call() throws IOException, InterruptedException {
            Path dir = PilotFolders.makeState(System.getenv());
            try {
                // What the user says of schedulers and nodes is not meant for these.
                Path nothing = Files.writeString(dir.resolve("nothing.yaml"), "");
                PilotStart.rehearse(
                        dir,
                        keys -> io.config().load(SchedulerCommand.COMPONENT, nothing, keys),
                        keys -> io.config().load(NodeCommand.COMPONENT, nothing, keys));
            } finally {
                PilotFolders.delete(dir);
            }
            return 0;
        }
    }
}
