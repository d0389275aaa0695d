package io.offcut.executor;

import java.lang.foreign.MemorySegment;

/**
 * A client's end of one worker: a fixed number of slots, each with room for one input and one
 * result. The shape is that of one-sided RDMA writes: the caller fills registered memory in place,
 * posts it, and finds the result in its own memory, learning of it by polling or by waiting for an
 * event.
 *
 * <pre>{@code
 * int slot = channel.acquire();
 * if (slot < 0) { … all slots taken: poll first }
 * MemorySegment.copy(input, 0, channel.input(slot), 0, input.byteSize());
 * channel.post(slot, invocationId, functionIndex, (int) input.byteSize(), 0);
 * int done;
 * while ((done = channel.poll()) < 0) Thread.onSpinWait();        // or channel.await(timeoutNanos)
 * int status = channel.status(done);
 * MemorySegment result = channel.result(done);                    // exactly as long as the result
 * channel.release(done);
 * }</pre>
 *
 * <p>For one thread. Nothing here allocates after the channel was opened, except through {@link
 * #result}, which returns a view. When the worker ends, every outstanding slot completes with the
 * status that says why: no caller waits for ever.
 */
public interface InvocationChannel extends AutoCloseable {
    /** What {@link #acquire}, {@link #poll} and {@link #await} return when there is no slot. */
    int NONE = -1;

    /** Number of slots. */
    int slots();

    /** Largest input and largest result, in bytes. */
    int payloadBytes();

    /**
     * Takes a free slot. Does not block. @return the slot, or {@link #NONE} when all are taken or
     * the channel has ended
     */
    int acquire();

    /** The slot's input memory, {@link #payloadBytes()} long. Valid until the channel closes. */
    MemorySegment input(int slot);

    /**
     * Hands the slot's input to the worker. Does not block.
     *
     * @param payloadBytes how much of {@link #input} counts
     * @param deadlineNanos longest time the invocation may take from its arrival; 0 for the
     *     function's own limit
     * @return 0, or a negative {@link io.offcut.core.frame.InvocationStatus} code; then nothing was
     *     sent and the slot is still the caller's
     */
    int post(int slot, long invocationId, int functionIndex, int payloadBytes, long deadlineNanos);

    /**
     * A slot whose invocation ended, each once. Does not block. @return the slot, or {@link #NONE}
     */
    int poll();

    /**
     * Like {@link #poll}, but sleeps until there is one, the time is over, or the thread is
     * interrupted, which may be noticed 100 ms late. With nothing outstanding it returns {@link
     * #NONE} at once. Call it from a platform thread: a virtual one keeps its carrier while it
     * sleeps here.
     */
    int await(long timeoutNanos);

    /** The invocation id that was posted with a completed slot. */
    long invocationId(int slot);

    /** Code of {@link io.offcut.core.frame.InvocationStatus} of a completed slot. */
    int status(int slot);

    /** Result of a completed slot, or the message of a failed one. Valid until {@link #release}. */
    MemorySegment result(int slot);

    /**
     * How long the function ran, as the worker measured it. Of a function that takes under 10 µs
     * only some runs are timed, and the others report that time.
     */
    long executionNanos(int slot);

    /** Gives a completed or an acquired slot back. */
    void release(int slot);

    /**
     * Why no more invocations are possible: a negative status code; 0 while they are. Looks at the
     * worker only while nothing is outstanding; otherwise {@link #poll} and {@link #await} do. Does
     * not block.
     */
    int ended();

    /**
     * Ends this side, on the thread that uses the channel. Does not end the worker, which finishes
     * what was posted; the next client gets those slots when it has. The memory of the channel is
     * gone then: touching it throws {@link IllegalStateException}.
     */
    @Override
    void close();
}
