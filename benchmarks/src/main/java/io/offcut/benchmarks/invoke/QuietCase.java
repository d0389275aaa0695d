package io.offcut.benchmarks.invoke;

import com.sun.management.ThreadMXBean;
import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.LeaseOptions;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.linux.ProcessRef;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a hot call does besides its work, on either side: no system call and no allocation. System
 * calls are those of all threads of both processes, allocation is that of the two threads that call
 * and serve, by the virtual machines' own counters.
 */
final class QuietCase {
    private static final int BYTES = 64;
    private static final int WARM_UP_CALLS = 1_000_000;
    private static final int TRACED_CALLS = 200_000;
    private static final int BATCHES = 2_000;
    private static final int BATCH_CALLS = 1_000;

    /** The virtual machines' other threads do something now and then. */
    private static final double MOST_SYSTEM_CALLS = 0.001;

    /**
     * Of the executor's worker, whose counter shows whole KiB; the smallest object would be 8 in
     * each call.
     */
    private static final double MOST_BYTES = 0.001;

    /** How Thread.print shows it: rounded down to the unit. */
    private static final Pattern ALLOCATED =
            Pattern.compile("^\"worker-0\".* allocated=(\\d+)([BKMG]) ", Pattern.MULTILINE);

    private static final int JCMD_SECONDS = 30;

    private final Stage stage;
    private final Path dir;
    private final int rounds;

    QuietCase(Stage stage, Path dir, int rounds) {
        this.stage = stage;
        this.dir = dir;
        this.rounds = rounds;
    }

    CaseResult measure() throws IOException, InterruptedException {
        LeaseOptions hot =
                LeaseOptions.of(Stage.EMPTY)
                        .hotTimeoutMicros(-1)
                        .transports(List.of(ChannelDescriptor.SHM));
        try (OurEnd end = stage.open(hot)) {
            int index = end.function("empty");
            call(end, index, WARM_UP_CALLS);
            Bytes bytes = bytes(end, index);
            List<Strace.Calls> traced = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
                Strace.Calls calls = systemCalls(end, index);
                if (calls != null) {
                    traced.add(calls);
                }
            }
            return result(bytes, traced);
        }
    }

    private static void call(OurEnd end, int function, int count) {
        for (int i = 0; i < count; i++) {
            end.spinOnce(function, BYTES);
        }
    }

    /**
     * Bytes of one call.
     *
     * @param client of most batches: that the client looks up its worker's process every 100 ms,
     *     which is in {@code clientInAll}, is no part of a call
     */
    private record Bytes(
            double client, double clientInAll, double executor, double callsPerSecond) {}

    private Bytes bytes(OurEnd end, int function) throws IOException, InterruptedException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        double[] batches = new double[BATCHES];
        long executorBefore = workerBytes();
        long first = threads.getCurrentThreadAllocatedBytes();
        long before = first;
        long start = System.nanoTime();
        for (int batch = 0; batch < BATCHES; batch++) {
            call(end, function, BATCH_CALLS);
            long after = threads.getCurrentThreadAllocatedBytes();
            batches[batch] = after - before;
            before = after;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        double count = (double) BATCHES * BATCH_CALLS;
        return new Bytes(
                Rounds.median(batches) / BATCH_CALLS,
                (before - first) / count,
                (workerBytes() - executorBefore) / count,
                count / seconds);
    }

    /** What the executor's worker has allocated since its start. */
    private long workerBytes() throws IOException, InterruptedException {
        for (ProcessRef executor : stage.executors()) {
            Matcher allocated = ALLOCATED.matcher(threads(executor.pid()));
            if (allocated.find()) {
                int unit = "BKMG".indexOf(allocated.group(2));
                return Long.parseLong(allocated.group(1)) << (10 * unit);
            }
        }
        throw new OffcutException(
                ErrorCode.INTERNAL, "bench: no executor shows what its worker has allocated");
    }

    private static String threads(long pid) throws IOException, InterruptedException {
        Process jcmd =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                                Long.toString(pid),
                                "Thread.print",
                                "-e")
                        .redirectErrorStream(true)
                        .start();
        String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!jcmd.waitFor(JCMD_SECONDS, TimeUnit.SECONDS)) {
            jcmd.destroyForcibly();
        }
        return said;
    }

    /** Null where they cannot be counted. */
    private Strace.@Nullable Calls systemCalls(OurEnd end, int function)
            throws IOException, InterruptedException {
        List<Long> pids = new ArrayList<>(List.of(ProcessHandle.current().pid()));
        stage.executors().forEach(executor -> pids.add(executor.pid()));
        try (Strace strace = Strace.attach(pids, dir)) {
            if (strace == null) {
                return null;
            }
            call(end, function, TRACED_CALLS);
            Instant start = Instant.now();
            call(end, function, TRACED_CALLS);
            return strace.between(start, Instant.now());
        }
    }

    private static CaseResult result(Bytes bytes, List<Strace.Calls> traced) {
        double client = median(traced.stream().mapToDouble(Strace.Calls::ours).toArray());
        double executor = median(traced.stream().mapToDouble(Strace.Calls::others).toArray());
        return CaseResult.throughput(
                        new Shape("shm hot, quiet", "shm", "hot", BYTES),
                        bytes.callsPerSecond(),
                        null)
                .bound(
                        "on either side no byte and < 0.001 system calls of a call",
                        bytes.client() == 0
                                && bytes.executor() < MOST_BYTES
                                && client < MOST_SYSTEM_CALLS
                                && executor < MOST_SYSTEM_CALLS)
                .notes(
                        said("bytes of a call", bytes.client(), bytes.executor()),
                        String.format(
                                Locale.ROOT,
                                "%.5f in all at the client, with its looks at the worker's process",
                                bytes.clientInAll()),
                        traced.isEmpty()
                                ? "system calls NOT COUNTED: install strace and allow it to attach"
                                : said("system calls of a call", client, executor));
    }

    /** Of one call. */
    private static double median(double... calls) {
        return calls.length == 0 ? 0 : Rounds.median(calls) / TRACED_CALLS;
    }

    private static String said(String what, double client, double executor) {
        return String.format(Locale.ROOT, "%s: client %.5f, executor %.5f", what, client, executor);
    }
}
