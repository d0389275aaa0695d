package io.offcut.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A scheduler or node daemon as a child process of this one, with its configuration and log in a
 * folder. For demonstrations and tests that need real processes. It ends when the thread that
 * started it does, even by SIGKILL (PR_SET_PDEATHSIG, prctl(2)). Not for several threads.
 */
public final class LocalDaemon implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("ready at (http\\S+)");

    /** As the program {@code offcut} has them. */
    private static final List<String> DAEMON_FLAGS =
            List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED");

    private static final List<String> COMMAND_FLAGS =
            List.of(
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "--enable-native-access=ALL-UNNAMED");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final Process process;
    private final URI uri;
    private final Path log;

    private LocalDaemon(String name, Process process, URI uri, Path log) {
        this.name = name;
        this.process = process;
        this.uri = uri;
        this.log = log;
    }

    /**
     * Starts {@code offcut <component> --config …} and waits until it says that it is ready.
     *
     * @param component {@code scheduler} or {@code node}
     * @param name names the configuration and log files
     * @param config the component's configuration
     * @param dir where both files go
     * @param flags more arguments
     * @throws OffcutException with the daemon's own last line if it ends, or is not ready in time
     */
    public static LocalDaemon start(
            String component,
            String name,
            Map<String, ?> config,
            Path dir,
            Duration timeout,
            String... flags) {
        Path log = dir.resolve(name + ".log");
        try {
            Path file =
                    Files.writeString(dir.resolve(name + ".yaml"), JSON.writeValueAsString(config));
            Files.deleteIfExists(log);
            List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "TERM"));
            command.addAll(line(DAEMON_FLAGS, component, "--config", file.toString()));
            Collections.addAll(command, flags);
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .redirectInput(
                                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                            .start();
            return new LocalDaemon(name, process, awaitReady(name, process, log, timeout), log);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, name + ": cannot be started: " + e.getMessage(), e);
        }
    }

    /** The command line that runs this very program with other arguments. */
    public static List<String> offcut(String... arguments) {
        return line(COMMAND_FLAGS, arguments);
    }

    private static List<String> line(List<String> flags, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.offcut.cli.Main"));
        command.addAll(List.of(arguments));
        return command;
    }

    private static URI awaitReady(String name, Process process, Path log, Duration timeout)
            throws IOException {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        try {
            while (true) {
                boolean ended = process.waitFor(20, TimeUnit.MILLISECONDS);
                String text = Files.readString(log, StandardCharsets.UTF_8);
                Matcher ready = READY.matcher(text);
                if (ready.find()) {
                    return URI.create(ready.group(1));
                }
                if (ended || System.nanoTime() > deadlineNanos) {
                    process.destroyForcibly();
                    String last =
                            text.strip().lines().reduce((a, b) -> b).orElse("it said nothing");
                    throw new OffcutException(
                            ErrorCode.UNREACHABLE,
                            name + " is not ready: " + last + " (log: " + log + ")");
                }
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new OffcutException(
                    ErrorCode.UNREACHABLE, name + ": interrupted while it started");
        }
    }

    /** Where it listens. */
    public URI uri() {
        return uri;
    }

    public Process process() {
        return process;
    }

    /** What it said so far. */
    public String log() throws IOException {
        return Files.readString(log, StandardCharsets.UTF_8);
    }

    /** Ends it at once, without a chance to clean up, as a power cut would. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Asks it to end, and insists after ten seconds. */
    @Override
    public void close() {
        process.destroy();
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return name + " at " + uri + " (pid " + process.pid() + ")";
    }
}
