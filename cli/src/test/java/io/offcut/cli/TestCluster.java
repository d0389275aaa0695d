package io.offcut.cli;

import io.offcut.node.NodeConfig;
import io.offcut.node.NodeDaemon;
import io.offcut.scheduler.SchedulerConfig;
import io.offcut.scheduler.SchedulerServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A real scheduler and real node daemons in this process; executors are processes of their own. */
final class TestCluster implements AutoCloseable {
    private static final Map<String, String> FUNCTIONS =
            Map.of(
                    "upper", "command: [tr, a-z, A-Z]",
                    "slow", "command: [sh, -c, 'sleep 0.1; tr a-z A-Z']",
                    "picky",
                            "command: [sh, -c, 'x=$(cat); case $x in bad*) echo no good >&2; exit 3;; esac; echo $x']");

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final int number = COUNT.incrementAndGet();
    private final Path folder;
    private SchedulerServer scheduler;
    private final List<NodeDaemon> nodes = new ArrayList<>();

    private TestCluster(Path folder) {
        this.folder = folder;
        this.scheduler = SchedulerServer.start(config(0));
    }

    private SchedulerConfig config(int port) {
        return SchedulerConfig.defaults()
                .withAddress("127.0.0.1", port)
                .withStateDir(folder.resolve("scheduler"));
    }

    /** Stops the scheduler; what it leased goes on. */
    void stopScheduler() {
        scheduler.close();
    }

    /** A new scheduler where the stopped one was, that remembers only what is on disk. */
    void startSchedulerAgain() {
        scheduler = SchedulerServer.start(config(scheduler.uri().getPort()));
    }

    /** Lets executors, which may be of another user, pass through a temporary folder. */
    static Path open(Path folder) throws IOException {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        for (Path each = Files.createDirectories(folder);
                each != null && each.startsWith(temporary) && !each.equals(temporary);
                each = each.getParent()) {
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return folder;
    }

    /** A scheduler and so many nodes of one core. */
    static TestCluster start(Path folder, int nodes) throws IOException {
        open(folder);
        TestCluster cluster = new TestCluster(folder);
        try {
            for (int i = 0; i < nodes; i++) {
                cluster.addNode();
            }
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    NodeDaemon addNode() {
        int index = nodes.size();
        int cpus = Runtime.getRuntime().availableProcessors();
        Map<String, Object> keys = new HashMap<>();
        keys.put("name", "n" + index);
        keys.put("schedulerUrl", url());
        keys.put("port", 0);
        keys.put("cpus", String.valueOf(index % cpus));
        keys.put("stateDir", folder.resolve("n" + index).toString());
        keys.put("shmDir", shmDir(index).toString());
        keys.put("samplePeriodMillis", 50);
        keys.put("offerAfterSamples", 1);
        // Other tests keep the machine busy; that is not what is tested here.
        keys.put("busyThreshold", 1.0);
        keys.put("startTimeoutMillis", 60_000);
        NodeDaemon node = NodeDaemon.start(NodeConfig.of(keys));
        nodes.add(node);
        return node;
    }

    String url() {
        return scheduler.uri().toString();
    }

    List<NodeDaemon> nodes() {
        return nodes;
    }

    /** Runs a command line against this cluster. */
    TestRun run(String... args) {
        return run(new byte[0], args);
    }

    TestRun run(byte[] stdin, String... args) {
        return TestRun.of(Map.of("OFFCUT_SCHEDULER_URL", url()), stdin, args);
    }

    /** A bundle of functions on text that change with {@code version} only. */
    static Path textBundle(Path folder, String version) throws IOException {
        Path bundle = Files.createDirectories(folder.resolve("bundle-" + version));
        StringBuilder manifest = new StringBuilder("name: text\nfunctions:\n");
        FUNCTIONS.forEach((name, command) ->
                manifest.append("  - {name: ")
                        .append(name)
                        .append(", kind: command, ")
                        .append(command)
                        .append(", idempotent: true}\n"));
        Files.writeString(bundle.resolve("offcut.yaml"), manifest);
        Files.writeString(bundle.resolve("version"), version);
        return bundle;
    }

    private Path shmDir(int index) {
        String process = "offcut-test-" + ProcessHandle.current().pid();
        return Path.of("/dev/shm", process + "-" + number + "-" + index);
    }

    @Override
    public void close() {
        nodes.forEach(NodeDaemon::close);
        scheduler.close();
        for (int i = 0; i < nodes.size(); i++) {
            removeEmpty(shmDir(i));
        }
    }

    /** Daemons take away their regions, not the folder. */
    static void removeEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("regions were left in " + folder, e);
        }
    }
}
