package io.offcut.executor.internal.process;

import io.offcut.linux.ThisProcess;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks whether a function runs over its time, so often that it is noticed within some 20 ms. When
 * no worker has done anything for a second it rests instead, because its looks are most of what an
 * idle executor uses; the first call that a worker then gets wakes it. After a rest that nobody
 * ended the process gives back the memory that it has freed.
 *
 * <p>It says that it rests and then looks whether all workers are idle; a worker says that it is
 * not idle and then looks whether the watchdog rests. So one of them sees the other.
 */
final class Watchdog {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int QUIET_LOOKS = 50;

    /** After the first rest. */
    private static final int TRIM_LOOKS = QUIET_LOOKS + 1;

    private static final long SELF_GRACE_NANOS = 2_000_000_000;

    private final List<Worker> workers;
    private final BooleanSupplier stopping;
    private final Runnable overdue;
    private volatile @Nullable Thread resting;
    private long invocations;
    private int quietLooks;
    private boolean workedBefore;

    /**
     * @param workers all of them by the time it runs
     * @param overdue called when one was taken
     */
    Watchdog(List<Worker> workers, BooleanSupplier stopping, Runnable overdue) {
        this.workers = workers;
        this.stopping = stopping;
        this.overdue = overdue;
    }

    /**
     * Returns when the executor stops.
     *
     * @param workDone called when there were invocations since the last look, or some worker polled
     */
    void run(Runnable workDone) {
        while (!stopping.getAsBoolean()) {
            pause(workDone);
            for (Worker worker : workers) {
                if (worker.takeIfOverdue(System.nanoTime(), SELF_GRACE_NANOS)) {
                    overdue.run();
                }
            }
        }
    }

    private void pause(Runnable workDone) {
        quietLooks = isQuiet(workDone) ? quietLooks + 1 : 0;
        if (quietLooks < QUIET_LOOKS) {
            LockSupport.parkNanos(this, LOOK_NANOS);
            return;
        }
        if (quietLooks == TRIM_LOOKS) {
            ThisProcess.giveBackFreed();
        }
        resting = Thread.currentThread();
        if (isQuiet(workDone)) {
            LockSupport.parkNanos(this, REST_NANOS);
        }
        resting = null;
    }

    /** Idle workers first: what they did before is in their counts then. */
    private boolean isQuiet(Runnable workDone) {
        boolean idle = allIdle();
        long before = invocations;
        invocations = 0;
        for (Worker worker : workers) {
            invocations += worker.invocations();
        }
        boolean worked = invocations != before || !idle;
        // Once more after the last: what was polled until it fell asleep is in its count only then.
        if (worked || workedBefore) {
            workDone.run();
        }
        workedBefore = worked;
        return !worked;
    }

    private boolean allIdle() {
        for (Worker worker : workers) {
            if (!worker.idle()) {
                return false;
            }
        }
        return true;
    }

    /** Ends a rest. Any thread; does not block. */
    void wake() {
        Thread thread = resting;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }
}
