package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmCommands;
import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SpankPlugin;
import io.offcut.slurm.internal.cluster.ClusterState.DaemonId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a cluster up: directory, names, ports, configuration, munged, slurmctld, slurmds, until
 * every node is idle. What a failed start has made is taken down again.
 */
public final class ClusterStart {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterStart.class);
    private static final int MAX_ATTEMPTS = 3;

    private final SlurmClusterConfig config;
    private final ClusterLayout layout;
    private ClusterState state;

    private ClusterStart(SlurmClusterConfig config, ClusterLayout layout, ClusterState state) {
        this.config = config;
        this.layout = layout;
        this.state = state;
    }

    /** Starts a cluster and returns its state, which is also in its directory. */
    public static Started start(SlurmClusterConfig config) {
        Packages.require();
        ClusterLayout layout = ClusterFiles.prepare(config.directory());
        Cgroups cgroups = Cgroups.ofMachine();
        boolean withCgroups = isRoot() && cgroups.usable();
        List<String> names = claimNames(config.nodes().size(), withCgroups ? cgroups : null);
        ClusterState state =
                new ClusterState(names, withCgroups, config.directory() == null, Map.of());
        ClusterStart control = new ClusterStart(config, layout, state);
        try {
            control.startWithFreshPorts();
            return new Started(layout, control.state);
        } catch (OffcutException e) {
            ClusterStop.stop(layout, control.state);
            throw e;
        } catch (IOException e) {
            ClusterStop.stop(layout, control.state);
            throw new OffcutException(ErrorCode.EXHAUSTED, "cannot start the cluster: " + e, e);
        }
    }

    /** A cluster that runs. */
    public record Started(ClusterLayout layout, ClusterState state) {}

    private void startWithFreshPorts() throws IOException {
        ClusterFiles.writeMungeKey(layout);
        for (int attempt = 1; ; attempt++) {
            try {
                writeConfiguration();
                startDaemons();
                return;
            } catch (OffcutException e) {
                // Between choosing a port and using it, somebody else may have taken it.
                if (attempt == MAX_ATTEMPTS || !e.getMessage().contains("already in use")) {
                    throw e;
                }
                LOG.info("a port was taken meanwhile, starting again with others");
                ClusterStop.endDaemons(layout, state);
                state = state.withoutDaemons();
            }
        }
    }

    private void writeConfiguration() throws IOException {
        Duration deadline = config.pluginDeadline();
        if (deadline != null) {
            String pattern = layout.jobEventSocket("%n").toString();
            SpankPlugin.install(layout.directory(), new SpankPlugin.Settings(pattern, deadline));
        }
        int ports = config.nodes().size() + 1;
        int major = SlurmVersion.installedMajor();
        var setting =
                new ConfigurationText.Setting(
                        layout,
                        shortHostName(),
                        System.getProperty("user.name", "root"),
                        state.nodeNames(),
                        FreePorts.choose(ports, RandomGenerator.getDefault()),
                        state.cgroups(),
                        major);
        Files.writeString(layout.slurmConf(), ConfigurationText.slurmConf(config, setting));
        if (state.cgroups()) {
            Files.writeString(
                    layout.cgroupConf(),
                    ConfigurationText.cgroupConf(config.constrainCores(), major));
        }
        for (String node : state.nodeNames()) {
            Files.createDirectories(layout.spool(node));
            ClusterFiles.makeOpen(layout.temp(node));
        }
        controllerPort = setting.ports().getFirst();
    }

    private int controllerPort;

    private void startDaemons() {
        long end = System.nanoTime() + config.startTimeout().toNanos();
        launch(Daemons.MUNGED);
        await(end, () -> Files.exists(layout.mungeSocket()), List.of(Daemons.MUNGED), "munged");
        launch(Daemons.SLURMCTLD);
        await(end, this::controllerListens, List.of(Daemons.SLURMCTLD), "slurmctld");
        List<String> slurmds = state.nodeNames().stream().map(Daemons::slurmd).toList();
        slurmds.forEach(this::launch);
        SlurmCommands commands =
                SlurmCommands.ofConfiguration(layout.slurmConf(), Duration.ofSeconds(2));
        List<String> all = List.copyOf(state.daemons().keySet());
        await(end, () -> allIdle(commands, slurmds.size()), all, "the nodes to be idle");
    }

    private void launch(String daemon) {
        DaemonId id = Daemons.start(layout, daemon);
        state = state.with(daemon, id);
        state.store(layout);
    }

    private boolean controllerListens() {
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), controllerPort), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean allIdle(SlurmCommands commands, int count) {
        try {
            List<SlurmNode> nodes = commands.nodes();
            return nodes.size() == count
                    && nodes.stream()
                            .allMatch(n ->
                                    n.state() == SlurmNode.State.IDLE
                                            && n.availability()
                                                    == SlurmNode.Availability.AVAILABLE);
        } catch (OffcutException e) {
            return false;
        }
    }

    private void await(long end, BooleanSupplier ready, List<String> daemons, String what) {
        while (!ready.getAsBoolean()) {
            for (String daemon : daemons) {
                DaemonId id = state.daemons().get(daemon);
                if (id == null || !id.alive()) {
                    throw failed(daemon + " ended", daemons);
                }
            }
            if (System.nanoTime() - end > 0) {
                throw failed("waited in vain for " + what, daemons);
            }
            Pause.millis(20);
        }
    }

    private OffcutException failed(String what, List<String> daemons) {
        String complaint =
                daemons.stream()
                        .map(daemon -> Daemons.complaint(layout, daemon))
                        .filter(text -> !text.isEmpty())
                        .findFirst()
                        .orElse("no daemon complains");
        return new OffcutException(
                ErrorCode.UNREACHABLE,
                "the test cluster did not start: "
                        + what
                        + " ("
                        + complaint
                        + "): the logs are in "
                        + layout.log(Daemons.SLURMCTLD).getParent());
    }

    /** Names n1, n2, … or, where another cluster has them, na1, na2, … and so on. */
    private static List<String> claimNames(int count, @Nullable Cgroups cgroups) {
        List<String> prefixes =
                IntStream.rangeClosed('a' - 1, 'z')
                        .mapToObj(c -> c < 'a' ? "n" : "n" + (char) c)
                        .toList();
        for (String prefix : prefixes) {
            List<String> names = IntStream.rangeClosed(1, count).mapToObj(i -> prefix + i).toList();
            if (cgroups == null || claimAll(names, cgroups)) {
                return names;
            }
        }
        throw new OffcutException(
                ErrorCode.EXHAUSTED,
                "too many test clusters have left cgroups: stop them, then remove"
                        + " /sys/fs/cgroup/*/slurm_n*");
    }

    private static boolean claimAll(List<String> names, Cgroups cgroups) {
        for (int i = 0; i < names.size(); i++) {
            if (!cgroups.claim(names.get(i))) {
                names.subList(0, i).forEach(cgroups::remove);
                return false;
            }
        }
        return true;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static String shortHostName() throws IOException {
        String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
