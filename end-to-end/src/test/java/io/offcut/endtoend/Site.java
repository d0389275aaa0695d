package io.offcut.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.demo.LocalDaemon;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A scheduler and node daemons as real processes in a folder, and the command line that talks to
 * them.
 */
final class Site implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(1);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path dir;
    private final LinkedHashMap<String, LocalDaemon> daemons = new LinkedHashMap<>();
    private final Map<String, String> environment = new HashMap<>();
    private int runs;

    /** What a command left behind. */
    record Outcome(int exitCode, String out, String err) {}

    /**
     * @param root a temporary folder; every user may pass through it from now on, as executors run
     *     under another one
     * @param name of the folder below that the site makes
     */
    Site(Path root, String name) throws IOException {
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
        this.dir = Files.createDirectories(root.resolve(name));
    }

    /** Starts the scheduler, or starts it again on the same port and state. */
    LocalDaemon startScheduler(String... flags) {
        LocalDaemon before = daemons.get("scheduler");
        Map<String, Object> config = new HashMap<>();
        config.put("port", before == null ? 0 : before.uri().getPort());
        config.put("stateDir", dir.resolve("scheduler").toString());
        LocalDaemon scheduler =
                LocalDaemon.start("scheduler", "scheduler", config, dir, START_TIMEOUT, flags);
        daemons.put("scheduler", scheduler);
        environment.put("OFFCUT_SCHEDULER_URL", scheduler.uri().toString());
        return scheduler;
    }

    /**
     * Starts a node, or starts it again on the same port and state. The load of the tests
     * themselves does not count as busy: they need offers that stay.
     */
    LocalDaemon startNode(String name, Map<String, ?> more) {
        LocalDaemon before = daemons.get(name);
        Map<String, Object> config = new HashMap<>();
        config.put("name", name);
        config.put("schedulerUrl", environment.get("OFFCUT_SCHEDULER_URL"));
        config.put("port", before == null ? 0 : before.uri().getPort());
        config.put("stateDir", dir.resolve(name).toString());
        config.put("memoryBytes", 4L << 30);
        config.put("reserveMemoryBytes", 0);
        config.put("busyThreshold", 1.0);
        config.put("samplePeriodMillis", 200);
        // Executors give way to everybody, and the tests themselves keep the CPUs busy.
        config.put("startTimeoutMillis", 60_000);
        config.put("jobWaitMillis", 4_000);
        config.putAll(more);
        LocalDaemon node = LocalDaemon.start("node", name, config, dir, START_TIMEOUT);
        daemons.put(name, node);
        return node;
    }

    LocalDaemon daemon(String name) {
        LocalDaemon daemon = daemons.get(name);
        if (daemon == null) {
            throw new IllegalArgumentException("no daemon " + name);
        }
        return daemon;
    }

    /** What {@code offcut} needs to know to reach this site. */
    Map<String, String> environment() {
        return Map.copyOf(environment);
    }

    /** What a node daemon says of itself. */
    static JsonNode nodeStatus(LocalDaemon node) throws IOException {
        try (InputStream in = node.uri().resolve("/v1/node").toURL().openStream()) {
            return JSON.readTree(in);
        }
    }

    Path dir() {
        return dir;
    }

    /** Starts {@code offcut …} and does not wait for it; its output goes to files. */
    Run start(String... arguments) throws IOException {
        return start(LocalDaemon.offcut(arguments), environment);
    }

    /** Starts another program the same way, with this environment. */
    Run start(Path program, Map<String, String> withEnvironment, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(arguments);
        return start(command, withEnvironment);
    }

    private Run start(List<String> command, Map<String, String> withEnvironment)
            throws IOException {
        Path out = dir.resolve("run-" + ++runs + ".out");
        Path err = dir.resolve("run-" + runs + ".err");
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .redirectInput(Path.of("/dev/null").toFile());
        builder.environment().putAll(withEnvironment);
        builder.environment().put("HOME", dir.toString());
        return new Run(builder.start(), out, err);
    }

    /** Runs {@code offcut …} to its end. */
    Outcome offcut(String... arguments) throws IOException, InterruptedException {
        try (Run run = start(arguments)) {
            return run.outcome(Duration.ofMinutes(2));
        }
    }

    /** A command that is running. */
    record Run(Process process, Path out, Path err) implements AutoCloseable {
        Outcome outcome(Duration timeout) throws IOException, InterruptedException {
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(
                        "not done after " + timeout + ": " + text(out) + text(err));
            }
            return new Outcome(process.exitValue(), text(out), text(err));
        }

        private static String text(Path file) throws IOException {
            return Files.readString(file, StandardCharsets.UTF_8);
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        daemons.sequencedValues().reversed().forEach(LocalDaemon::close);
    }
}
