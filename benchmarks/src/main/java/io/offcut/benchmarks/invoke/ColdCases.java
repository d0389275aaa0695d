package io.offcut.benchmarks.invoke;

import io.offcut.benchmarks.invoke.CaseResult.Shape;
import io.offcut.client.LeaseOptions;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.ProcessRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** From no lease at all to the first result, and what an executor weighs. */
final class ColdCases {
    private static final int LEASES_PER_ROUND = 8;
    private static final int EARLIER_LEASES_PER_ROUND = 20;
    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final long IDLE_TIMEOUT_NANOS = 30_000_000_000L;
    private static final Duration WORKER_TIMEOUT = Duration.ofSeconds(60);
    private static final byte[] INPUT = new byte[64];
    private static final long SETTLE_MILLIS = 12_000;
    private static final long LARGEST_RESIDENT_KIB = 48 << 10;

    private final Stage stage;
    private final int rounds;

    ColdCases(Stage stage, int rounds) {
        this.stage = stage;
        this.rounds = rounds;
    }

    /** With an executor that waits. */
    CaseResult prewarmed() throws IOException, InterruptedException {
        CaseResult result = measure("cold, pre-warmed", stage::awaitParked);
        return result.bound("p50 <= 3 ms", result.p50() <= 3_000_000);
    }

    /** With none. */
    CaseResult fresh() throws IOException, InterruptedException {
        CaseResult result = measure("cold, nothing pre-warmed", nanos -> {});
        return result.bound("p50 <= 100 ms", result.p50() <= 100_000_000);
    }

    /** With the one that the lease before left. */
    CaseResult kept() throws IOException, InterruptedException {
        return measure("cold, kept", nanos -> {});
    }

    @FunctionalInterface
    private interface Wait {
        void until(long timeoutNanos) throws InterruptedException;
    }

    /** Beside a virtual machine that starts and does nothing. */
    private CaseResult measure(String name, Wait wait) throws IOException, InterruptedException {
        Histogram ours = new Histogram(HIGHEST_NANOS, 3);
        Histogram bare = new Histogram(HIGHEST_NANOS, 3);
        Steps steps = new Steps();
        // A cluster's daemons have granted leases before.
        for (int i = 0; i < rounds * EARLIER_LEASES_PER_ROUND; i++) {
            stage.awaitIdle(IDLE_TIMEOUT_NANOS);
            long ignored = leaseToResult(new Steps());
        }
        for (int i = 0; i < rounds * LEASES_PER_ROUND; i++) {
            bare.recordValue(bareJvm());
            stage.awaitIdle(IDLE_TIMEOUT_NANOS);
            wait.until(IDLE_TIMEOUT_NANOS);
            ours.recordValue(leaseToResult(steps));
        }
        CaseResult result =
                CaseResult.latency(
                        new Shape(name, "shm", "cold", INPUT.length),
                        new Rounds(List.of(ours), List.of(bare)));
        return result.notes("raw is a bare JVM, start to end; " + steps.describe());
    }

    private long leaseToResult(Steps steps) throws InterruptedException {
        long start = System.nanoTime();
        try (WorkerPool pool = stage.client().lease(LeaseOptions.of(Stage.EMPTY))) {
            long asked = System.nanoTime();
            if (!pool.awaitWorkers(1, WORKER_TIMEOUT)) {
                throw new OffcutException(ErrorCode.NO_CAPACITY, "bench: no worker in a minute");
            }
            long there = System.nanoTime();
            byte[] ignored = pool.invoke("empty", INPUT).orThrow();
            long end = System.nanoTime();
            steps.add(asked - start, there - asked, end - there);
            return end - start;
        }
    }

    private static long bareJvm() throws IOException, InterruptedException {
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                BareMain.class.getName())
                        .inheritIO()
                        .start();
        if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new OffcutException(ErrorCode.INTERNAL, "bench: a bare JVM did not start");
        }
        return System.nanoTime() - start;
    }

    /** Starts and ends. */
    static final class BareMain {
        private BareMain() {}

        public static void main(String[] args) {
            // Nothing: the start is what is measured.
        }
    }

    /** Resident memory of an executor that has served a call, and another some seconds later. */
    CaseResult resident() throws IOException, InterruptedException {
        stage.awaitIdle(IDLE_TIMEOUT_NANOS);
        stage.awaitNoExecutors(IDLE_TIMEOUT_NANOS);
        try (WorkerPool pool = stage.client().lease(LeaseOptions.of(Stage.EMPTY))) {
            byte[] ignored = pool.invoke("empty", INPUT).orThrow();
            long first = residentKib();
            // What its compilers and its start are done with goes back every few seconds.
            Thread.sleep(SETTLE_MILLIS);
            ignored = pool.invoke("empty", INPUT).orThrow();
            long kib = residentKib();
            CaseResult result =
                    CaseResult.throughput(
                            new Shape("executor resident", "process", "cold", 0),
                            (double) kib,
                            null);
            return result.bound("<= 48 MiB", kib > 0 && kib <= LARGEST_RESIDENT_KIB)
                    .notes(
                            String.format(
                                    Locale.ROOT,
                                    "%.1f MiB; %.1f MiB right after the first call",
                                    kib / 1024.0,
                                    first / 1024.0));
        }
    }

    private long residentKib() throws IOException {
        long kib = 0;
        for (ProcessRef process : stage.executors()) {
            kib = Math.max(kib, residentKib(process.pid()));
        }
        return kib;
    }

    private static long residentKib(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return 0;
    }

    /** Where the time goes: medians of each step. */
    private static final class Steps {
        private final Histogram asked = new Histogram(HIGHEST_NANOS, 3);
        private final Histogram there = new Histogram(HIGHEST_NANOS, 3);
        private final Histogram called = new Histogram(HIGHEST_NANOS, 3);

        void add(long askedNanos, long thereNanos, long calledNanos) {
            asked.recordValue(askedNanos);
            there.recordValue(thereNanos);
            called.recordValue(calledNanos);
        }

        String describe() {
            return String.format(
                    Locale.ROOT,
                    "p50 of the steps: ask %.1f ms, grant and executor %.1f ms, first call %.1f ms",
                    asked.getValueAtPercentile(50) / 1e6,
                    there.getValueAtPercentile(50) / 1e6,
                    called.getValueAtPercentile(50) / 1e6);
        }
    }
}
