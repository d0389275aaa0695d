package io.offcut.benchmarks.invoke;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * A program of {@code client/c/tests} that uses the C client: a process on this thread's CPU that
 * leases a worker, does and times by itself what it is told, one line at a time, and sleeps between
 * its turns.
 */
final class CProgram implements AutoCloseable {
    private static final int BUILD_SECONDS = 120;

    private final Process process;
    private final Writer orders;
    private final BufferedReader answers;

    private CProgram(Process process) {
        this.process = process;
        this.orders = process.outputWriter(StandardCharsets.US_ASCII);
        this.answers =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** Compiles all of them. @return the folder they are in, within this one */
    static Path build(Path dir) throws IOException, InterruptedException {
        Path programs = dir.resolve("c");
        Path log = dir.resolve("make.log");
        Process make =
                new ProcessBuilder(
                                "make",
                                "-s",
                                "-C",
                                sources().toString(),
                                "OUT=" + programs,
                                "bench")
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        if (!make.waitFor(BUILD_SECONDS, TimeUnit.SECONDS) || make.exitValue() != 0) {
            make.destroyForcibly();
            throw new OffcutException(
                    ErrorCode.INTERNAL,
                    "bench: the C client does not compile: " + Files.readString(log).strip());
        }
        return programs;
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

    /** Starts it; it has a worker when this returns. */
    static CProgram start(String schedulerUrl, Path program, String... arguments)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(program.toString());
        builder.command().addAll(List.of(arguments));
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OFFCUT_SCHEDULER_URL", schedulerUrl);
        builder.environment().put("OFFCUT_USER", "bench");
        CProgram started = new CProgram(builder.start());
        String said = started.answers.readLine();
        if (!"ready".equals(said)) {
            started.close();
            throw ended(said);
        }
        return started;
    }

    private static OffcutException ended(String said) {
        return new OffcutException(
                ErrorCode.INTERNAL, "bench: the C client has ended and said '" + said + "'");
    }

    /** One line there, one back. */
    String ask(String kind, int inputBytes, int count, long nanos) throws IOException {
        orders.write(kind + " " + inputBytes + " " + count + " " + nanos + "\n");
        orders.flush();
        String said = answers.readLine();
        if (said == null) {
            throw ended("nothing");
        }
        return said;
    }

    /** Answered with nanoseconds and how many calls took them, over and over. */
    Histogram turn(String kind, int inputBytes, int count, long nanos, int expected)
            throws IOException {
        CallLoop.settle();
        String said = ask(kind, inputBytes, count, nanos);
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
