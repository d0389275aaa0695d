package io.offcut.cli;

import io.offcut.client.config.Component;
import io.offcut.node.NodeConfig;
import io.offcut.node.NodeDaemon;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut node}. */
@Command(
        name = "node",
        description = {
            "Runs the node daemon in the foreground.",
            "Configuration: --config, else ~/.config/offcut/node.yaml, else "
                    + "/etc/offcut/node.yaml; over it OFFCUT_NODE_<KEY>; over that flags."
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut node --scheduler http://login1:7070 --cpus 0-3")
final class NodeCommand implements Callable<Integer> {
    static final Component<NodeConfig> COMPONENT =
            new Component<>("node", NodeConfig.class, "OFFCUT_NODE_", true, null);

    private final Io io;

    @Option(names = "--config", paramLabel = "FILE", description = "Configuration file.")
    @Nullable Path config;

    @Option(names = "--name", paramLabel = "NAME", description = "The cluster's name of the node.")
    @Nullable String name;

    @Option(names = "--scheduler", paramLabel = "URL", description = "Address of the scheduler.")
    @Nullable String schedulerUrl;

    @Option(names = "--host", paramLabel = "ADDRESS", description = "Address to listen on.")
    @Nullable String host;

    @Option(names = "--port", paramLabel = "N", description = "Port to listen on; 0 for any.")
    @Nullable Integer port;

    @Option(names = "--cpus", paramLabel = "LIST", description = "CPUs it may offer, as 0-3,8.")
    @Nullable String cpus;

    @Option(names = "--state-dir", paramLabel = "DIR", description = "Leases, bundles, keys.")
    @Nullable Path stateDir;

    @Option(names = "--slurm", description = "Slurm runs jobs on this node.")
    boolean slurm;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any key of the configuration. May be repeated.")
    Map<String, String> settings = Map.of();

    NodeCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws InterruptedException {
        try (Stopping stopping = Stopping.onSignal();
                NodeDaemon daemon = NodeDaemon.start(load())) {
            Daemon.serve(io, stopping, "node", daemon.uri());
            return 0;
        }
    }

    private NodeConfig load() {
        Map<String, @Nullable Object> flags = new HashMap<>();
        flags.put("name", name);
        flags.put("schedulerUrl", schedulerUrl);
        flags.put("host", host);
        flags.put("port", port);
        flags.put("cpus", cpus);
        flags.put("stateDir", stateDir == null ? null : stateDir.toAbsolutePath().toString());
        flags.put("slurm", slurm ? "on" : null);
        settings.forEach(flags::putIfAbsent);
        return io.config().load(COMPONENT, config, flags);
    }
}
