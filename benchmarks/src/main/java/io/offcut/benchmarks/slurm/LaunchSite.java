package io.offcut.benchmarks.slurm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SpankPlugin;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Two nodes, of which one runs the prolog of the plugin and the other none: a slurmd decides when
 * it starts. All else reads plugstack.conf at each launch. A daemon on each node answers at once.
 */
final class LaunchSite implements AutoCloseable {
    /** What a launch meets. */
    enum Kind {
        WITHOUT("without"),
        STEPS_ONLY("no prolog"),
        WITH("plugin");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration DEADLINE = Duration.ofMillis(100);

    private final SlurmCluster cluster;
    private final List<ServerSocketChannel> daemons = new ArrayList<>();
    private int withProlog = -1;

    private LaunchSite(SlurmCluster cluster) {
        this.cluster = cluster;
    }

    static LaunchSite start() throws IOException {
        LaunchSite site =
                new LaunchSite(SlurmCluster.start(SlurmClusterConfig.fakeNodes(2, 2, 2000)));
        try {
            for (String node : site.cluster.nodeNames()) {
                site.answerOn(site.cluster.jobEventSocket(node));
            }
            return site;
        } catch (IOException e) {
            site.close();
            throw e;
        }
    }

    private void answerOn(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        daemons.add(server);
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofPlatform().daemon().start(() -> answer(server));
    }

    private static void answer(ServerSocketChannel server) {
        ByteBuffer line = ByteBuffer.allocate(1024);
        while (server.isOpen()) {
            answerOne(server, line.clear());
        }
    }

    private static void answerOne(ServerSocketChannel server, ByteBuffer line) {
        try (SocketChannel connection = server.accept()) {
            while (line.position() == 0 || line.get(line.position() - 1) != '\n') {
                if (connection.read(line) < 0) {
                    break;
                }
            }
            connection.write(ByteBuffer.wrap("OK\n".getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            // Closed, or a plugin that waits for no answer.
            return;
        }
    }

    /** Gives the prolog to the other node; at first to the first. */
    void turn() throws IOException, InterruptedException {
        withProlog = withProlog == 0 ? 1 : 0;
        for (int node = 0; node < 2; node++) {
            load(node == withProlog);
            String slurmd = SlurmCluster.slurmd(name(node));
            cluster.killDaemon(slurmd);
            cluster.startDaemon(slurmd);
            await(() -> cluster.status().healthy(), slurmd);
        }
    }

    /** Milliseconds of one {@code srun true}. */
    double launchMillis(Kind kind) throws IOException, InterruptedException {
        int node = kind == Kind.WITH ? withProlog : 1 - withProlog;
        load(kind != Kind.WITHOUT);
        await(() -> isFree(name(node)), name(node));
        // Slurm still cleans up after the job before when it calls the node idle.
        TimeUnit.MILLISECONDS.sleep(100);
        ProcessBuilder srun =
                new ProcessBuilder("srun", "-Q", "-w", name(node), "-n1", "--mem=100", "true")
                        .inheritIO();
        srun.environment().put("SLURM_CONF", cluster.slurmConf().toString());
        // Not by SlurmCluster.run, which looks at the end of a command in steps of 100 ms.
        long start = System.nanoTime();
        int exitCode = srun.start().waitFor();
        long took = System.nanoTime() - start;
        if (exitCode != 0) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "bench slurm-launch: srun ended with " + exitCode);
        }
        return took / 1e6;
    }

    private void load(boolean plugin) throws IOException {
        if (plugin) {
            String pattern = cluster.jobEventSocket("%n").toString();
            SpankPlugin.install(cluster.directory(), new SpankPlugin.Settings(pattern, DEADLINE));
        } else {
            Files.deleteIfExists(cluster.directory().resolve("plugstack.conf"));
        }
    }

    private boolean isFree(String node) {
        return cluster.commands().node(node).state() == SlurmNode.State.IDLE
                && cluster.commands().jobIdsOn(node).isEmpty();
    }

    private static void await(BooleanSupplier ready, String what) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!ready.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new OffcutException(ErrorCode.UNREACHABLE, "waited in vain for " + what);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private String name(int node) {
        return cluster.nodeNames().get(node);
    }

    @Override
    public void close() throws IOException {
        for (ServerSocketChannel daemon : daemons) {
            daemon.close();
        }
        cluster.close();
    }
}
