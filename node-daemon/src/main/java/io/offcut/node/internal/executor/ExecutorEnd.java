package io.offcut.node.internal.executor;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How executors are stopped: frozen for a job, ended with their lease. Safe for any thread. */
final class ExecutorEnd {
    private static final Logger log = LoggerFactory.getLogger(ExecutorEnd.class);
    private static final long POLITE_MILLIS = 300;
    private static final long KILL_MILLIS = 2_000;
    private static final long STILL_NANOS = 50_000_000;
    private static final long LOOK_NANOS = 200_000;

    /**
     * So long it does not sleep between looks but the first, which leaves the CPU to what is to
     * freeze: on a busy node waking up takes milliseconds.
     */
    private static final long AWAKE_NANOS = 2_000_000;

    private final BiPredicate<String, InvocationStatus> say;
    private final BooleanSupplier closed;
    private final Keep keep;

    /** Keeps the executor of a lease that has ended; false when it must end too. */
    @FunctionalInterface
    interface Keep {
        boolean keep(ExecutorSlot slot, ExecutorProcess process, EndReason reason);
    }

    /**
     * @param say tells a lease's executor to end; false when none hears it
     * @param closed whether the daemon stops, and no longer insists
     */
    ExecutorEnd(BiPredicate<String, InvocationStatus> say, BooleanSupplier closed, Keep keep) {
        this.say = say;
        this.closed = closed;
        this.keep = keep;
    }

    /** See {@link ExecutorHost#awaitFrozen}. */
    static boolean awaitFrozen(Collection<ExecutorSlot> slots, long deadlineNanos) {
        boolean all = true;
        for (ExecutorSlot slot : slots) {
            all &= await(slot::stands, deadlineNanos);
        }
        return all;
    }

    /** Looks again and again until it is so; false when it is not at the deadline. */
    static boolean await(BooleanSupplier stands, long deadlineNanos) {
        long awakeUntil = System.nanoTime() + AWAKE_NANOS;
        for (int looks = 1; !stands.getAsBoolean(); looks++) {
            if (System.nanoTime() - deadlineNanos > 0) {
                return false;
            }
            pause(looks > 1 && System.nanoTime() - awakeUntil < 0);
        }
        return true;
    }

    private static void pause(boolean awake) {
        long begun = System.nanoTime();
        if (!awake) {
            LockSupport.parkNanos(LOOK_NANOS);
            return;
        }
        while (System.nanoTime() - begun < LOOK_NANOS) {
            Thread.onSpinWait();
        }
    }

    /** How long clients still have the memory of a lease without cores that ends so. */
    static long graceMillis(ExecutorSlot slot, EndReason reason, long grantedMillis) {
        boolean unforeseen =
                reason == EndReason.RECLAIMED
                        || reason == EndReason.DRAINED
                        || reason == EndReason.REVOKED;
        return slot.terms.memoryOnly() && slot.process != null && unforeseen ? grantedMillis : 0;
    }

    /** A start that is under way stops, and clients are told that the memory will go. */
    static void warn(ExecutorSlot slot) {
        slot.cancelled = true;
        ExecutorProcess early = slot.process;
        if (early != null) {
            early.revoking();
        }
    }

    /**
     * A start that is under way stops, and clients that share memory hear of the end at once; those
     * of a lease of memory when it is given back, which takes too long for the thread that asks.
     */
    static void cancel(ExecutorSlot slot, EndReason reason) {
        slot.cancelled = true;
        ExecutorProcess early = slot.process;
        if (early != null && !slot.terms.memoryOnly()) {
            early.endRegions(statusOf(reason));
        }
    }

    /**
     * Ends a cancelled one and removes all that it had, or keeps it. Blocks until nothing of it is
     * left, or it stands still.
     *
     * @param removed called when that is so, before a start of the same lease can begin
     */
    void evict(ExecutorSlot slot, EndReason reason, Runnable removed) {
        slot.lock.lock();
        try {
            ExecutorProcess process = slot.process;
            boolean kept = process != null && keep.keep(slot, process, reason);
            if (process != null && !kept) {
                process.endRegions(statusOf(reason));
                if (!slot.frozen
                        && !slot.toldToRest
                        && say.test(slot.leaseId(), statusOf(reason))) {
                    process.awaitGone(TimeUnit.MILLISECONDS.toNanos(POLITE_MILLIS));
                }
                // A job waits for its standstill, which comes before its end.
                boolean ignored = await(slot::stands, System.nanoTime() + STILL_NANOS);
                slot.dies();
                killForSure(slot, process);
                process.remove();
            } else if (process == null && slot.regions != null) {
                slot.regions.remove(statusOf(reason));
            }
            removed.run();
        } finally {
            slot.lock.unlock();
        }
        slot.serving.completeExceptionally(
                new OffcutException(
                        ErrorCode.CONFLICT, "lease " + slot.leaseId() + " has ended: " + reason));
    }

    // A process in an uninterruptible call dies when the call returns: its cores stay held.
    private void killForSure(ExecutorSlot slot, ExecutorProcess process) {
        boolean complained = false;
        while (!process.kill(KILL_MILLIS) && !closed.getAsBoolean()) {
            if (!complained) {
                complained = true;
                log.warn(
                        "lease {}: process {} does not die; its cores stay held until it does",
                        slot.leaseId(),
                        process.pid());
            }
        }
    }

    static InvocationStatus statusOf(EndReason reason) {
        return switch (reason) {
            case EXPIRED -> InvocationStatus.EXPIRED;
            case EXECUTOR_FAILED -> InvocationStatus.CRASHED;
            default -> InvocationStatus.REVOKED;
        };
    }
}
