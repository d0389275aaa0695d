package io.offcut.cli;

import io.offcut.client.config.Component;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import io.offcut.slurm.SlurmCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut scheduler}. */
@Command(
        name = "scheduler",
        description = {
            "Runs the function scheduler in the foreground.",
            "Configuration: --config, else ~/.config/offcut/scheduler.yaml, else "
                    + "/etc/offcut/scheduler.yaml; over it OFFCUT_SCHEDULER_<KEY>; over that flags."
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut scheduler --port 7070 --slurm")
final class SchedulerCommand implements Callable<Integer> {
    static final Component<SchedulerConfig> COMPONENT =
            new Component<>("scheduler", SchedulerConfig.class, "OFFCUT_SCHEDULER_", true, null);

    private final Io io;

    @Option(names = "--config", paramLabel = "FILE", description = "Configuration file.")
    @Nullable Path config;

    @Option(names = "--host", paramLabel = "ADDRESS", description = "Address to listen on.")
    @Nullable String host;

    @Option(names = "--port", paramLabel = "N", description = "Port to listen on; 0 for any.")
    @Nullable Integer port;

    @Option(names = "--state-dir", paramLabel = "DIR", description = "Functions, accounting, key.")
    @Nullable Path stateDir;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any key of the configuration. May be repeated.")
    Map<String, String> settings = Map.of();

    @Option(
            names = "--slurm",
            description =
                    "Follows Slurm: drained nodes are taken out of service, leases end when a job"
                            + " or a reservation is planned.")
    boolean slurm;

    @Option(
            names = "--slurm-conf",
            paramLabel = "FILE",
            description = "Slurm's configuration, where it is not in its usual place.")
    @Nullable Path slurmConf;

    @Option(
            names = "--slurm-interval",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How often Slurm's controller is asked. Default: 5s.")
    Duration slurmInterval = Duration.ofSeconds(5);

    SchedulerCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws InterruptedException {
        boolean watches = slurm || slurmConf != null;
        if (watches) {
            SlurmCommands.requireConfiguration(slurmConf);
        }
        try (Stopping stopping = Stopping.onSignal();
                SchedulerServer server = SchedulerServer.start(load())) {
            if (watches) {
                try (SlurmWatch _ = watchSlurm(server)) {
                    Daemon.serve(io, stopping, "scheduler", server.uri());
                }
            } else {
                Daemon.serve(io, stopping, "scheduler", server.uri());
            }
            return 0;
        }
    }

    private SchedulerConfig load() {
        Map<String, @Nullable Object> flags = new HashMap<>();
        flags.put("host", host);
        flags.put("port", port);
        flags.put("stateDir", stateDir == null ? null : stateDir.toAbsolutePath().toString());
        settings.forEach(flags::putIfAbsent);
        return io.config().load(COMPONENT, config, flags);
    }

    private SlurmWatch watchSlurm(SchedulerServer server) {
        Duration timeout = Duration.ofSeconds(10);
        SlurmCommands commands =
                slurmConf == null
                        ? SlurmCommands.ofSite(timeout)
                        : SlurmCommands.ofConfiguration(slurmConf.toAbsolutePath(), timeout);
        return SlurmWatch.start(server, commands, slurmInterval);
    }
}
