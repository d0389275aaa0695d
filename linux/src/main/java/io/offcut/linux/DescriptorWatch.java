package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Waiting until one of some file descriptors can be read (ppoll(2)). For one thread at a time. A
 * call allocates nothing after a thread's first.
 */
public final class DescriptorWatch {
    private static final int POLLFD_BYTES = 8;
    private static final int EVENTS_OFFSET = 4;
    private static final int REVENTS_OFFSET = 6;
    private static final short POLLIN = 1;

    private final int count;
    private final MemorySegment polls;

    /** Watches these, which are the caller's to close; the order is that of the indices. */
    public DescriptorWatch(int... descriptors) {
        count = descriptors.length;
        polls = Arena.ofAuto().allocate((long) count * POLLFD_BYTES, Integer.BYTES);
        for (int i = 0; i < count; i++) {
            polls.set(JAVA_INT, (long) i * POLLFD_BYTES, descriptors[i]);
            polls.set(JAVA_SHORT, (long) i * POLLFD_BYTES + EVENTS_OFFSET, POLLIN);
        }
    }

    /** From now on no read of it blocks, and no write, also where nothing is there after all. */
    public static void dontBlock(int descriptor) {
        Descriptors.dontBlock(descriptor);
    }

    /**
     * Blocks until one can be read, has failed or was closed by its peer, or the time is over; also
     * for less, for no reason.
     *
     * @param timeoutNanos 0 to look only
     * @return whether there is one
     */
    public boolean await(long timeoutNanos) {
        for (int i = 0; i < count; i++) {
            polls.set(JAVA_SHORT, (long) i * POLLFD_BYTES + REVENTS_OFFSET, (short) 0);
        }
        Descriptors.poll(polls, count, Math.max(0, timeoutNanos));
        for (int i = 0; i < count; i++) {
            if (ready(i)) {
                return true;
            }
        }
        return false;
    }

    /** What the last {@link #await} saw. */
    public boolean ready(int index) {
        return polls.get(JAVA_SHORT, (long) index * POLLFD_BYTES + REVENTS_OFFSET) != 0;
    }
}
