package io.offcut.client;

import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One call from its submission to its single end.
 *
 * <pre>
 *   PENDING ── result, failure, cancellation or deadline: the first one wins ──▶ ENDED
 * </pre>
 *
 * <p>While pending it is in exactly one place: the queue, or one slot of one channel; who took it
 * out owns its counters. The end may come from any thread, also while a worker runs it: then the
 * worker's result is dropped.
 */
abstract class Invocation {
    /** No deadline. */
    static final long NEVER_NANOS = Long.MAX_VALUE;

    private static final VarHandle ENDED;

    static {
        try {
            ENDED = MethodHandles.lookup().findVarHandle(Invocation.class, "ended", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final int functionIndex;
    final boolean idempotent;
    final MemorySegment input;

    /** On the scale of System.nanoTime(), or {@link #NEVER_NANOS}. */
    final long deadlineNanos;

    /** Longest run on a worker; 0 for the function's own limit. */
    final long timeoutNanos;

    /** Attempts that ended because the worker went away. */
    int lost;

    /** Attempts whose executor died. */
    int crashed;

    /** Times it was handed to a worker. */
    int attempts;

    // Written through ENDED only.
    @SuppressWarnings("UnusedVariable")
    private volatile boolean ended;

    private @Nullable Result result;
    private @Nullable OffcutException failure;

    Invocation(
            int functionIndex,
            boolean idempotent,
            MemorySegment input,
            long deadlineNanos,
            long timeoutNanos) {
        this.functionIndex = functionIndex;
        this.idempotent = idempotent;
        this.input = input;
        this.deadlineNanos = deadlineNanos;
        this.timeoutNanos = timeoutNanos;
    }

    /** Called once, by the thread that ended it. */
    abstract void onEnd();

    /** Whether it still wants a worker. */
    boolean pending() {
        return !ended;
    }

    /** Whether it may run beside others: one whose executor died may be what killed it. */
    final boolean suspect() {
        return crashed > 0;
    }

    /**
     * Ends it with a result.
     *
     * @return whether this was its end
     */
    final boolean end(Result value) {
        if (ended || !claim(value, null)) {
            return false;
        }
        onEnd();
        return true;
    }

    /**
     * Ends it without a result.
     *
     * @return whether this was its end
     */
    final boolean end(OffcutException why) {
        if (ended || !claim(null, why)) {
            return false;
        }
        onEnd();
        return true;
    }

    /**
     * Ends it with a status of the client's own.
     *
     * @return whether this was its end
     */
    final boolean end(InvocationStatus status, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        return end(new Result(status, text, "", attempts, 0, 0));
    }

    private synchronized boolean claim(@Nullable Result value, @Nullable OffcutException why) {
        if (ended) {
            return false;
        }
        result = value;
        failure = why;
        ENDED.setRelease(this, true);
        return true;
    }

    /**
     * The result, once it ended.
     *
     * @throws OffcutException if it ended without one
     */
    final Result result() {
        if (failure != null) {
            throw failure;
        }
        Result value = result;
        if (value == null) {
            throw new IllegalStateException("asked for the result of a call that has not ended");
        }
        return value;
    }
}
