package io.offcut.executor;

import java.lang.foreign.MemorySegment;

/**
 * A client's end of the memory of one lease. The shape is that of one-sided RDMA operations on a
 * reliable connection: they are posted, are carried out in the order of posting, and complete in
 * that order.
 *
 * <pre>{@code
 * int refused = channel.read(offset, target);
 * if (refused != 0) { … a MemoryStatus code; nothing was posted }
 * while (!channel.poll()) Thread.onSpinWait();          // or channel.await(timeoutNanos)
 * int status = channel.status();
 * }</pre>
 *
 * <p>Of several operations outstanding at once the later may be carried out before the completion
 * of the earlier was taken, never before the earlier. Atomic operations are never seen half done;
 * what is read and written may be seen half written by others. Source and target must stay as they
 * are until their operation has completed; they are native, or of a byte array.
 *
 * <p>For one thread at a time. When the memory is gone every outstanding operation completes with
 * the {@link io.offcut.core.frame.MemoryStatus} that says why, and later ones are refused with it.
 */
public interface MemoryChannel extends AutoCloseable {
    /** Size of the memory: offsets go from 0 up to this. */
    long bytes();

    /** How many operations may be outstanding: posted, and their completions not taken. */
    int depth();

    /** How many are outstanding. */
    int outstanding();

    /**
     * Posts a read into {@code target}, as long as that is. Does not block.
     *
     * @return 0, or the code of the status that refuses it; then nothing was posted
     * @throws IllegalStateException if {@link #depth} are outstanding
     */
    int read(long offset, MemorySegment target);

    /** Posts a write of all of {@code source}; as {@link #read}. */
    int write(long offset, MemorySegment source);

    /**
     * Posts an atomic addition to the eight bytes, little-endian, at a multiple of eight; {@link
     * #value} of its completion is what was there before. As {@link #read}.
     */
    int fetchAndAdd(long offset, long addend);

    /**
     * Posts: where the eight bytes, little-endian, at a multiple of eight are {@code expected},
     * they become {@code value}, atomically. {@link #value} of its completion is what was there
     * before. As {@link #read}.
     */
    int compareAndSwap(long offset, long expected, long value);

    /** Takes the next completion. Does not block. @return false when there is none yet */
    boolean poll();

    /**
     * Like {@link #poll}, but sleeps until there is one, the time is over, or the thread is
     * interrupted. With nothing outstanding it returns false at once.
     */
    boolean await(long timeoutNanos);

    /** Code of the completion that was taken last. */
    int status();

    /** What an atomic operation, whose completion was taken last, found. */
    long value();

    /**
     * Whether the memory is being taken back, as far as the last operation showed: it is still
     * there for what is left of the grace.
     */
    boolean ending();

    /** Why no more operations are possible: a negative status code; 0 while they are. */
    int ended();

    /** Ends this side. Does not end the memory. */
    @Override
    void close();
}
