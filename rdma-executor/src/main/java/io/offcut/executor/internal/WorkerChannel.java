package io.offcut.executor.internal;

import io.offcut.executor.internal.function.Call;

/**
 * A worker's end of one channel: the counterpart of {@link io.offcut.executor.InvocationChannel}.
 *
 * <p>The shape is that of one-sided writes with immediate data: a request appears in memory that
 * the worker registered, and polling says only in which slot; the result is written into memory the
 * client can reach, and completing says only which slot. Whatever the peer wrote was checked and
 * copied before {@link #poll} returns its slot, except for the payload itself, which the peer can
 * change at any time.
 *
 * <p>For the worker's thread. Nothing here allocates after the channel was made.
 */
public interface WorkerChannel extends AutoCloseable {
    /** What {@link #poll} returns when there is no request. */
    int NONE = -1;

    /**
     * Takes the next request. Does not block. A malformed one is answered here and never returned.
     *
     * @return its slot, which is the worker's until {@link #complete}, or {@link #NONE}
     */
    int poll();

    /** The id that the caller gave the invocation. */
    long invocationId(int slot);

    /** Index as the caller wrote it: any number. */
    int functionIndex(int slot);

    /** Length of the input in bytes: 0 to the payload limit. */
    int inputBytes(int slot);

    /** Room for the result in bytes: 0 to the payload limit. */
    int resultCapacityBytes(int slot);

    /** What the caller allows the invocation from now on; 0 or less for no wish. */
    long deadlineNanos(int slot);

    /** The slot's invocation as functions see it; the caller begins it. */
    Call call(int slot);

    /**
     * Answers a slot that {@link #poll} returned. Does not block.
     *
     * @param statusCode of {@link io.offcut.core.frame.InvocationStatus}
     * @param resultBytes how much of the slot's result area counts
     */
    void complete(int slot, int statusCode, int resultBytes, long executionNanos);

    /** Why no more requests come, for ever: a negative status code; 0 while they may. */
    int ended();

    /**
     * Says on the channel that the worker ends, so that whatever is outstanding completes with this
     * status at the client. Thread-safe where the channel says so; otherwise for the thread that
     * owns the worker. Blocks for at most some 100 ms.
     */
    void end(int statusCode);

    @Override
    void close();
}
