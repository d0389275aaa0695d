package io.offcut.benchmarks.invoke;

import io.offcut.client.LeaseOptions;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * The C client: {@code client/c/tests/bench.c}, a process on this thread's CPU that makes and times
 * its calls by itself and sleeps between its turns.
 */
final class CCaller implements Caller {
    private static final int BUILD_SECONDS = 120;

    private final Process process;
    private final Writer orders;
    private final BufferedReader answers;

    private CCaller(Process process) {
        this.process = process;
        this.orders = process.outputWriter(StandardCharsets.US_ASCII);
        this.answers =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** Compiles the program, into this folder. */
    static Path build(Path dir) throws IOException, InterruptedException {
        Path program = dir.resolve("c").resolve("bench");
        Path log = dir.resolve("make.log");
        Process make =
                new ProcessBuilder(
                                "make",
                                "-s",
                                "-C",
                                sources().toString(),
                                "OUT=" + program.getParent(),
                                program.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        if (!make.waitFor(BUILD_SECONDS, TimeUnit.SECONDS) || make.exitValue() != 0) {
            make.destroyForcibly();
            throw new OffcutException(
                    ErrorCode.INTERNAL,
                    "bench: the C client does not compile: " + Files.readString(log).strip());
        }
        return program;
    }

    private static Path sources() {
        for (Path folder =
                        Path.of(System.getenv().getOrDefault("OFFCUT_HOME", "")).toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            Path sources = folder.resolve("client").resolve("c");
            if (Files.exists(sources.resolve("Makefile"))) {
                return sources;
            }
        }
        throw new OffcutException(
                ErrorCode.NOT_FOUND, "bench: no client/c here: run it in a source tree");
    }

    /** Starts the program, which leases a worker. */
    static CCaller open(Path program, String schedulerUrl, LeaseOptions options)
            throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(
                                program.toString(),
                                options.function(),
                                String.join(",", options.transports()),
                                Long.toString(options.hotTimeoutMicros()))
                        .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OFFCUT_SCHEDULER_URL", schedulerUrl);
        builder.environment().put("OFFCUT_USER", "bench");
        CCaller caller = new CCaller(builder.start());
        String said = caller.answers.readLine();
        if (!"ready".equals(said)) {
            caller.close();
            throw ended(said);
        }
        return caller;
    }

    private static OffcutException ended(String said) {
        return new OffcutException(
                ErrorCode.INTERNAL, "bench: the C client has ended and said '" + said + "'");
    }

    @Override
    public Rounds.Side empty(int inputBytes, long pauseNanos) {
        return count -> turn("empty", inputBytes, count, pauseNanos, count);
    }

    @Override
    public Rounds.Side due(int inputBytes, long everyNanos) {
        return count -> turn("due", inputBytes, count, everyNanos, count);
    }

    @Override
    public Rounds.Side echo(int inputBytes) {
        return count -> turn("echo", inputBytes, count, 0, count);
    }

    @Override
    public Rounds.Side ends(int inputBytes) {
        return count -> turn("ends", inputBytes, count, 0, count);
    }

    @Override
    public Rounds.Side pipelined(int inputBytes, int calls) {
        return count -> turn("pipelined", inputBytes, calls, 0, count);
    }

    /** Answered with one line: nanoseconds and how many calls took them, over and over. */
    private Histogram turn(String kind, int inputBytes, int count, long nanos, int expected)
            throws IOException {
        CallLoop.settle();
        orders.write(kind + " " + inputBytes + " " + count + " " + nanos + "\n");
        orders.flush();
        String said = answers.readLine();
        if (said == null) {
            throw ended("nothing");
        }
        Histogram histogram = histogram(said);
        if (histogram.getTotalCount() != expected) {
            throw ended(said);
        }
        return histogram;
    }

    private static Histogram histogram(String said) {
        Histogram histogram = Rounds.histogram();
        String[] numbers = said.split(" ", -1);
        for (int i = 0; i + 1 < numbers.length; i += 2) {
            histogram.recordValueWithCount(
                    Rounds.within(Long.parseLong(numbers[i])), Long.parseLong(numbers[i + 1]));
        }
        return histogram;
    }

    @Override
    public void close() throws IOException {
        orders.close();
        OtherProcess.end(process);
        answers.close();
    }
}
