package io.offcut.benchmarks.colocation;

import io.offcut.benchmarks.colocation.FunctionSite.Busy;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.Cgroup;
import io.offcut.linux.SchedIdle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A job that runs without a break while functions beside it are frozen and let go again, as the
 * node's daemon does it: two windows of time make a pair, both of one random length, and which
 * comes first is random too.
 */
final class Toggles implements PairSource {
    private static final int PAIRS = 20;
    private static final long LEAST_MILLIS = 100;
    private static final long MOST_MILLIS = 200;

    /** Until caches have what functions, or the job without them, need. */
    private static final long SETTLE_MILLIS = 20;

    private static final long FREEZE_MILLIS = 20;
    private static final long PATIENCE_MILLIS = 10_000;

    private final Path program;
    private final int jobCpu;
    private final SplittableRandom random;

    /** One window, from settled to end. */
    private record Window(long fromNanos, long toNanos, double functions) {}

    private record Windows(Window alone, Window beside, double foreign) {}

    Toggles(Path program, int jobCpu, SplittableRandom random) {
        this.program = program;
        this.jobCpu = jobCpu;
        this.random = random;
    }

    @Override
    public List<Pair> measure(FunctionSite site, Condition condition)
            throws IOException, InterruptedException {
        List<Pair> pairs = new ArrayList<>();
        try (Busy functions = site.start(condition.function)) {
            for (Kernel kernel : Kernel.values()) {
                measure(functions.group(), condition, kernel, pairs);
            }
        }
        return pairs;
    }

    private void measure(Cgroup functions, Condition condition, Kernel kernel, List<Pair> pairs)
            throws IOException, InterruptedException {
        List<Windows> all = new ArrayList<>();
        Pieces pieces;
        try (Job job = Job.start(program, kernel, jobCpu)) {
            for (int i = 0; i < PAIRS; i++) {
                all.add(windows(functions));
            }
            pieces = job.end();
        } finally {
            functions.thaw();
        }
        for (Windows windows : all) {
            Pace alone = pieces.pace(windows.alone.fromNanos, windows.alone.toNanos);
            Pace beside = pieces.pace(windows.beside.fromNanos, windows.beside.toNanos);
            if (alone != null && beside != null) {
                pairs.add(
                        new Pair(
                                condition,
                                kernel,
                                alone,
                                beside,
                                windows.beside.functions,
                                windows.foreign));
            }
        }
    }

    private Windows windows(Cgroup functions) throws InterruptedException {
        long millis = random.nextLong(LEAST_MILLIS, MOST_MILLIS);
        boolean aloneFirst = random.nextBoolean();
        Foreign others = new Foreign();
        Window first = window(functions, aloneFirst, millis);
        Window second = window(functions, !aloneFirst, millis);
        double foreign = others.share();
        return aloneFirst
                ? new Windows(first, second, foreign)
                : new Windows(second, first, foreign);
    }

    /** A thread that gets no CPU beside the job does not freeze either: it is helped. */
    private static void freeze(Cgroup functions) {
        if (functions.freeze(FREEZE_MILLIS)) {
            return;
        }
        functions.pids().forEach(SchedIdle::hurry);
        if (!functions.freeze(PATIENCE_MILLIS)) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "bench colocation: functions do not freeze");
        }
        functions.pids().forEach(SchedIdle::enter);
    }

    private static Window window(Cgroup functions, boolean still, long millis)
            throws InterruptedException {
        if (still) {
            freeze(functions);
        } else {
            functions.thaw();
        }
        Thread.sleep(SETTLE_MILLIS);
        long usedMicros = functions.cpuMicros();
        long from = System.nanoTime();
        Thread.sleep(millis);
        long to = System.nanoTime();
        double used = (functions.cpuMicros() - usedMicros) * 1e3 / (to - from);
        return new Window(from, to, used);
    }
}
