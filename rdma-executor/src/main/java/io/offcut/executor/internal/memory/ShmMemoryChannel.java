package io.offcut.executor.internal.memory;

import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.MemoryChannel;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Memory of the same host, mapped: an operation is carried out when it is posted, by the caller,
 * and the node takes no part.
 */
public final class ShmMemoryChannel implements MemoryChannel {
    private static final int DEPTH = 256;

    private final MemoryMapping mapping;
    private final MemorySegment memory;
    private final int[] statuses = new int[DEPTH];
    private final long[] values = new long[DEPTH];
    private long posted;
    private long taken;
    private int status;
    private long value;
    private int ended;
    private boolean ending;
    private boolean closed;

    private ShmMemoryChannel(MemoryMapping mapping) {
        this.mapping = mapping;
        this.memory = mapping.memory();
    }

    /** Opens a region; throws as {@link MemoryMapping#open}. */
    public static ShmMemoryChannel open(Path file) {
        return new ShmMemoryChannel(MemoryMapping.open(file));
    }

    @Override
    public long bytes() {
        return memory.byteSize();
    }

    @Override
    public int depth() {
        return DEPTH;
    }

    @Override
    public int outstanding() {
        return (int) (posted - taken);
    }

    @Override
    public int read(long offset, MemorySegment target) {
        int refused = refuse(MemoryBounds.check(memory.byteSize(), offset, target.byteSize()));
        if (refused == 0) {
            try {
                MemorySegment.copy(memory, offset, target, 0, target.byteSize());
                done(0);
            } catch (InternalError e) {
                gone();
            }
        }
        return refused;
    }

    @Override
    public int write(long offset, MemorySegment source) {
        int refused = refuse(MemoryBounds.check(memory.byteSize(), offset, source.byteSize()));
        if (refused == 0) {
            try {
                MemorySegment.copy(source, 0, memory, offset, source.byteSize());
                done(0);
            } catch (InternalError e) {
                gone();
            }
        }
        return refused;
    }

    @Override
    public int fetchAndAdd(long offset, long addend) {
        int refused = refuse(MemoryBounds.checkWord(memory.byteSize(), offset));
        if (refused == 0) {
            try {
                done((long) MemoryLayout.LONG.getAndAdd(memory, offset, addend));
            } catch (InternalError e) {
                gone();
            }
        }
        return refused;
    }

    @Override
    public int compareAndSwap(long offset, long expected, long desired) {
        int refused = refuse(MemoryBounds.checkWord(memory.byteSize(), offset));
        if (refused == 0) {
            try {
                done(
                        (long)
                                MemoryLayout.LONG.compareAndExchange(
                                        memory, offset, expected, desired));
            } catch (InternalError e) {
                gone();
            }
        }
        return refused;
    }

    private int refuse(int outside) {
        if (posted - taken == DEPTH) {
            throw new IllegalStateException(DEPTH + " operations are outstanding: poll first");
        }
        if (ended == 0) {
            look();
        }
        return ended != 0 ? ended : outside;
    }

    /** Only if the memory was there after the operation, it was there all the time. */
    private void done(long found) {
        look();
        complete(ended, found);
    }

    private void gone() {
        look();
        if (ended == 0) {
            ended = MemoryStatus.LOST.code();
        }
        complete(ended, 0);
    }

    private void look() {
        try {
            int state = mapping.state();
            ended = Math.min(0, state);
            ending = state == MemoryLayout.ENDING;
        } catch (InternalError e) {
            ended = MemoryStatus.LOST.code();
        }
    }

    private void complete(int code, long found) {
        int slot = (int) (posted % DEPTH);
        statuses[slot] = code;
        values[slot] = found;
        posted++;
    }

    @Override
    public boolean poll() {
        if (taken == posted) {
            return false;
        }
        int slot = (int) (taken % DEPTH);
        status = statuses[slot];
        value = values[slot];
        taken++;
        return true;
    }

    @Override
    public boolean await(long timeoutNanos) {
        return poll();
    }

    @Override
    public int status() {
        return status;
    }

    @Override
    public long value() {
        return value;
    }

    @Override
    public boolean ending() {
        return ending;
    }

    @Override
    public int ended() {
        if (ended == 0) {
            look();
        }
        return ended;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ended = ended == 0 ? MemoryStatus.RELEASED.code() : ended;
            mapping.close();
        }
    }
}
