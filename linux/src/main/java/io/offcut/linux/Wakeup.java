package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A file descriptor that can be read after somebody called {@link #wake} (eventfd(2)), to end a
 * {@link DescriptorWatch}. Thread-safe.
 */
public final class Wakeup implements AutoCloseable {
    private static final int EFD_CLOEXEC_NONBLOCK = 02004000;

    private static final LibC EVENTFD = new LibC("eventfd");

    private final int descriptor;
    private final MemorySegment one = Arena.ofAuto().allocate(JAVA_LONG);
    private final MemorySegment seen = Arena.ofAuto().allocate(JAVA_LONG);
    private boolean closed;

    /** Makes one. @throws OffcutException {@code EXHAUSTED} if there is no descriptor left */
    public Wakeup() {
        descriptor = (int) EVENTFD.call(0, EFD_CLOEXEC_NONBLOCK);
        if (descriptor < 0) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot make an eventfd: " + Descriptors.lastError());
        }
        one.set(JAVA_LONG, 0, 1);
    }

    public int descriptor() {
        return descriptor;
    }

    /** Makes it readable. Does not block. */
    public synchronized void wake() {
        if (!closed) {
            int ignored = Descriptors.write(descriptor, one);
        }
    }

    /** Makes it unreadable until the next {@link #wake}. Does not block. */
    public synchronized void clear() {
        if (!closed) {
            int ignored = Descriptors.read(descriptor, seen);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Descriptors.close(descriptor);
        }
    }
}
