package io.offcut.executor.internal.memory;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;

/**
 * A region that this process has mapped. Thread-safe. Who may write the file may also shorten it;
 * an access then throws {@link InternalError}, or ends this process where it is an atomic one.
 */
final class MemoryMapping implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment file;
    private final MemorySegment memory;

    private MemoryMapping(Arena arena, MemorySegment file, long bytes) {
        this.arena = arena;
        this.file = file;
        this.memory = file.asSlice(MemoryLayout.DATA_OFFSET, bytes);
    }

    /**
     * Gives a new file its length and fills it with zeros, so that every page of it is there and
     * counts for this process. Blocks for as long as that takes.
     *
     * @throws OffcutException {@code EXHAUSTED} if there is no room for it
     */
    @SuppressWarnings("MustBeClosedChecker") // the mapping owns it
    static MemoryMapping make(Path path, long bytes) {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, Set.of(READ, WRITE, NOFOLLOW_LINKS))) {
            long fileBytes = MemoryLayout.fileBytes(bytes);
            MemorySegment file = channel.map(FileChannel.MapMode.READ_WRITE, 0, fileBytes, arena);
            MemoryMapping mapping = new MemoryMapping(arena, file, bytes);
            mapping.memory.fill((byte) 0);
            MemoryLayout.INT.set(file, (long) MemoryLayout.VERSION_OFFSET, MemoryLayout.VERSION);
            MemoryLayout.LONG.set(file, (long) MemoryLayout.BYTES_OFFSET, bytes);
            MemoryLayout.INT.setRelease(file, 0L, MemoryLayout.MAGIC);
            MemoryLayout.INT.setVolatile(
                    file, (long) MemoryLayout.STATE_OFFSET, MemoryLayout.SERVED);
            return mapping;
        } catch (IOException | InternalError e) {
            arena.close();
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "there is no room for " + bytes + " bytes in " + path + ": " + e.getMessage(),
                    e);
        }
    }

    /**
     * Maps a region that its holder serves.
     *
     * @throws OffcutException {@code INVALID_INPUT} if it is none, {@code WRONG_VERSION} if its
     *     layout is another, {@code CONFLICT} if it is over, {@code NOT_FOUND} and {@code
     *     FORBIDDEN} as {@link SharedMemory#open}
     */
    @SuppressWarnings("MustBeClosedChecker") // the mapping owns it
    static MemoryMapping open(Path path) {
        long bytes = bytes(path);
        Arena arena = Arena.ofShared();
        try {
            MemorySegment file = SharedMemory.open(path, MemoryLayout.fileBytes(bytes), arena);
            return new MemoryMapping(arena, file, bytes);
        } catch (OffcutException e) {
            arena.close();
            throw e;
        }
    }

    private static long bytes(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = SharedMemory.open(path, MemoryLayout.DATA_OFFSET, arena);
            if ((int) MemoryLayout.INT.getAcquire(header, 0L) != MemoryLayout.MAGIC) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT, path + " is not a region of memory");
            }
            int version = (int) MemoryLayout.INT.get(header, (long) MemoryLayout.VERSION_OFFSET);
            if (version != MemoryLayout.VERSION) {
                throw new OffcutException(
                        ErrorCode.WRONG_VERSION,
                        "region "
                                + path
                                + " has layout "
                                + version
                                + ", this client "
                                + MemoryLayout.VERSION
                                + "; use the same release on both sides");
            }
            int state = MemoryLayout.state(header);
            if (state < 0) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "the memory in "
                                + path
                                + " is gone: "
                                + MemoryStatus.of(state)
                                + "; ask for a new lease");
            }
            long bytes = (long) MemoryLayout.LONG.get(header, (long) MemoryLayout.BYTES_OFFSET);
            if (bytes <= 0 || bytes > Long.MAX_VALUE / 2) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT, path + " has " + bytes + " bytes of memory");
            }
            return bytes;
        } catch (InternalError e) {
            throw new OffcutException(ErrorCode.CONFLICT, path + " is gone", e);
        }
    }

    /** The memory of the lease alone. */
    MemorySegment memory() {
        return memory;
    }

    /** Where {@link #state} lies. */
    MemorySegment stateWord() {
        return file.asSlice(MemoryLayout.STATE_OFFSET, Integer.BYTES);
    }

    long bytes() {
        return memory.byteSize();
    }

    /** See {@link MemoryLayout}. */
    int state() {
        return MemoryLayout.state(file);
    }

    /** Says why it is over, unless that was said before. */
    void end(MemoryStatus status) {
        int state = state();
        while (state >= 0
                && !MemoryLayout.INT.compareAndSet(
                        file, (long) MemoryLayout.STATE_OFFSET, state, status.code())) {
            state = state();
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
