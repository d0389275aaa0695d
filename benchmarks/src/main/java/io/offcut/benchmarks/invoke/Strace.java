package io.offcut.benchmarks.invoke;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of all threads of some processes, as strace(1) sees them, this process among
 * them. It slows down system calls and nothing else. For one thread.
 */
final class Strace implements AutoCloseable {
    private static final Duration ATTACH_TIMEOUT = Duration.ofSeconds(20);
    private static final long LOOK_MILLIS = 10;
    private static final double MICROS_PER_SECOND = 1e6;

    private final Process process;
    private final Path trace;
    private final Path log;

    private Strace(Process process, Path trace, Path log) {
        this.process = process;
        this.trace = trace;
        this.log = log;
    }

    /** System calls of this process and of the others. */
    record Calls(long ours, long others) {}

    /** Begins. @return null where there is no strace, or it may not look into these processes */
    static @Nullable Strace attach(List<Long> pids, Path dir)
            throws IOException, InterruptedException {
        Path trace = dir.resolve("strace.trace");
        Path log = dir.resolve("strace.log");
        ProcessBuilder command = new ProcessBuilder("strace", "-f", "-ttt", "-o", trace.toString());
        pids.forEach(pid -> command.command().addAll(List.of("-p", Long.toString(pid))));
        Process process;
        try {
            process = command.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        } catch (IOException e) {
            return null;
        }
        Strace strace = new Strace(process, trace, log);
        if (!strace.awaitAttached(pids)) {
            strace.close();
            return null;
        }
        return strace;
    }

    private boolean awaitAttached(List<Long> pids) throws IOException, InterruptedException {
        Instant until = Instant.now().plus(ATTACH_TIMEOUT);
        while (process.isAlive() && Instant.now().isBefore(until)) {
            String said = Files.readString(log);
            if (pids.stream().allMatch(pid -> said.contains("Process " + pid + " attached"))) {
                return true;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return false;
    }

    /** Ends, and counts what began between these two times. */
    Calls between(Instant start, Instant end) throws IOException {
        close();
        Set<String> ourThreads = new HashSet<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            tasks.forEach(task -> ourThreads.add(task.getFileName().toString()));
        }
        long ours = 0;
        long others = 0;
        for (String line : Files.readAllLines(trace)) {
            // Thread, time, call; also ends of calls (<...), signals (---) and exits (+++).
            String[] words = line.split(" +", 3);
            if (words.length == 3 && Character.isLetter(words[2].charAt(0))) {
                long micros = Math.round(Double.parseDouble(words[1]) * MICROS_PER_SECOND);
                if (micros >= micros(start) && micros <= micros(end)) {
                    if (ourThreads.contains(words[0])) {
                        ours++;
                    } else {
                        others++;
                    }
                }
            }
        }
        return new Calls(ours, others);
    }

    private static long micros(Instant time) {
        return TimeUnit.SECONDS.toMicros(time.getEpochSecond())
                + TimeUnit.NANOSECONDS.toMicros(time.getNano());
    }

    /** Lets go of the processes. */
    @Override
    public void close() {
        process.destroy();
        OtherProcess.end(process);
    }
}
