package io.offcut.benchmarks.colocation;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** The batch job: a process on one CPU that runs one kernel and notes when each piece ended. */
final class Job implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 10;

    private final Process process;
    private final BufferedReader said;

    private Job(Process process) {
        this.process = process;
        this.said =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** Returns when its first piece is done. */
    static Job start(Path program, Kernel kernel, int cpu) throws IOException {
        String name = kernel.name().toLowerCase(Locale.ROOT);
        Job job =
                new Job(
                        new ProcessBuilder(
                                        "taskset",
                                        "-c",
                                        Integer.toString(cpu),
                                        program.toString(),
                                        name)
                                .redirectError(ProcessBuilder.Redirect.INHERIT)
                                .start());
        String first = job.said.readLine();
        if (!"ready".equals(first)) {
            job.process.destroyForcibly();
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "bench colocation: kernel " + name + ": " + first);
        }
        return job;
    }

    /** Ends it. */
    Pieces end() throws IOException {
        process.getOutputStream().close();
        LongStream.Builder ended = LongStream.builder();
        LongStream.Builder cpu = LongStream.builder();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            int space = line.indexOf(' ');
            ended.add(Long.parseLong(line, 0, space, 10));
            cpu.add(Long.parseLong(line, space + 1, line.length(), 10));
        }
        return new Pieces(ended.build().toArray(), cpu.build().toArray());
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        said.close();
    }
}
