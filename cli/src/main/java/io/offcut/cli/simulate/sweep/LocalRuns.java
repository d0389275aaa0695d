package io.offcut.cli.simulate.sweep;

import io.offcut.cli.Io;
import io.offcut.cli.output.ProgressLine;
import io.offcut.cli.output.Units;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs of a sweep in threads of this process, which share the logs. */
final class LocalRuns {
    /** They end with the process; what is done stays done. */
    private static final ThreadFactory THREADS =
            Thread.ofPlatform().name("offcut-sweep-", 0).daemon().factory();

    private final Io io;
    private final SweepFolder folder;
    private final SharedLogs logs;
    private final AtomicInteger done = new AtomicInteger();
    private final long startNanos = System.nanoTime();

    LocalRuns(Io io, SweepFolder folder) {
        this.io = io;
        this.folder = folder;
        this.logs = new SharedLogs(io.err());
    }

    /**
     * Does them all; one that fails does not keep the others from being done, but for a wrong
     * option, which ends all.
     *
     * @param threads how many at once
     * @throws OffcutException for the first that failed
     */
    void run(List<Integer> runs, int threads) throws InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(threads, THREADS);
        try (ProgressLine _ =
                ProgressLine.start(io.err(), io.terminal(), () -> progress(runs.size()))) {
            CompletionService<Optional<OffcutException>> ended =
                    new ExecutorCompletionService<>(pool);
            runs.forEach(run -> ended.submit(() -> tried(run)));
            List<OffcutException> failures = new ArrayList<>();
            for (int i = 0; i < runs.size(); i++) {
                ended.take().get().ifPresent(failures::add);
                if (!failures.isEmpty() && failures.getLast().code() == ErrorCode.USAGE) {
                    throw failures.getLast();
                }
            }
            if (!failures.isEmpty()) {
                OffcutException first = failures.getFirst();
                throw new OffcutException(
                        ErrorCode.ITEMS_FAILED,
                        "%d of %s failed, the first: %s"
                                .formatted(
                                        failures.size(),
                                        Units.counted(runs.size(), "run"),
                                        first.getMessage()),
                        first);
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    /** Does one. */
    void run(int run) {
        SweepPlan plan = folder.plan();
        folder.keep(
                run,
                SimulateRun.run(
                        logs, plan.commandLine(plan.point(run)), plan.seed(plan.replication(run))));
    }

    private Optional<OffcutException> tried(int run) {
        try {
            run(run);
            return Optional.empty();
        } catch (OffcutException e) {
            return failed(run, e.code(), String.valueOf(e.getMessage()), e);
        } catch (OutOfMemoryError e) {
            String what =
                    "out of memory: use fewer --jobs, or give Java more (JDK_JAVA_OPTIONS=-Xmx…)";
            return failed(run, ErrorCode.EXHAUSTED, what, e);
        } catch (RuntimeException e) {
            return failed(run, ErrorCode.INTERNAL, "defect: " + e, e);
        } finally {
            done.incrementAndGet();
        }
    }

    private Optional<OffcutException> failed(
            int run, ErrorCode code, String what, Throwable cause) {
        return Optional.of(new OffcutException(code, folder.plan().name(run) + ": " + what, cause));
    }

    private String progress(int all) {
        int ended = done.get();
        String text = "sweep: " + ended + " of " + Units.counted(all, "run") + " done";
        if (ended == 0) {
            return text;
        }
        long perRunNanos = (System.nanoTime() - startNanos) / ended;
        return text + ", about " + Units.time(perRunNanos * (all - ended) / 1_000_000) + " left";
    }
}
