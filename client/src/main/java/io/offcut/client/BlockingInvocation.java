package io.offcut.client;

import io.offcut.core.frame.InvocationStatus;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/** A call whose caller waits. */
final class BlockingInvocation extends Invocation {
    private final Thread caller = Thread.currentThread();

    BlockingInvocation(
            int functionIndex, boolean idempotent, MemorySegment input, long deadlineNanos) {
        super(functionIndex, idempotent, input, deadlineNanos, 0);
    }

    @Override
    void onEnd() {
        LockSupport.unpark(caller);
    }

    /** Waits for the end; the deadline and an interrupt are ends too. */
    Result join(long spinNanos) {
        long spinUntil = System.nanoTime() + spinNanos;
        while (pending()) {
            long now = System.nanoTime();
            if (deadlineNanos != NEVER_NANOS && deadlineNanos - now <= 0) {
                end(InvocationStatus.TIMED_OUT, "no result within the caller's time");
            } else if (Thread.currentThread().isInterrupted()) {
                end(InvocationStatus.CANCELLED, "the caller was interrupted");
            } else if (now < spinUntil) {
                Thread.onSpinWait();
            } else if (deadlineNanos == NEVER_NANOS) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, deadlineNanos - now);
            }
        }
        return result();
    }
}
