package io.offcut.executor;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.internal.memory.MemoryLayout;
import io.offcut.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The region of a lease of memory only, as the node daemon sees it: a file that it makes empty and
 * its holder fills, so that its pages count for the holder. Nothing here blocks on a client or the
 * holder, and nothing here touches memory that they may have shortened: what cannot be written is
 * an error and not a signal.
 */
public final class MemoryRegion {
    private MemoryRegion() {}

    /** Where the region of a lease lies. */
    public static Path file(Path regionDir) {
        return regionDir.resolve("memory.region");
    }

    /**
     * Makes the file, which only its owner may open; the holder gives it its length.
     *
     * @throws OffcutException {@code EXHAUSTED} if it cannot be made
     */
    public static void create(Path file) {
        try (FileChannel made =
                FileChannel.open(
                        file,
                        Set.of(CREATE_NEW, READ, WRITE, NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            made.force(false);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED, "cannot make region " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Says that the memory is about to be taken back.
     *
     * @return false when it is already, is over, or is no region
     */
    public static boolean revoking(Path file) {
        return change(file, MemoryLayout.ENDING, false);
    }

    /**
     * Ends it and gives its memory back at once, whoever has it mapped: it is not cut off, because
     * a processor's atomic instruction on what is not there would end its process. The first end is
     * the one that counts.
     *
     * @return whether this call ended it
     */
    public static boolean end(Path file, MemoryStatus status) {
        if (!status.isEnd()) {
            throw new IllegalArgumentException("memory does not end with " + status);
        }
        return change(file, status.code(), true);
    }

    private static boolean change(Path file, int state, boolean empty) {
        try (FileChannel channel = FileChannel.open(file, Set.of(READ, WRITE, NOFOLLOW_LINKS));
                Arena arena = Arena.ofConfined()) {
            int before = state(channel, empty);
            boolean first = before >= 0 && before != state;
            if (!first && !empty) {
                return false;
            }
            MemorySegment region =
                    channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), arena);
            if (first) {
                ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                SharedMemory.put(
                        region.asSlice(MemoryLayout.STATE_OFFSET, Integer.BYTES),
                        word.putInt(0, state));
            }
            // Whatever its holder or its client wrote there: the memory goes back. Only now:
            // whoever sees the old state after an access has touched what was there.
            if (empty && !SharedMemory.giveBack(region.asSlice(MemoryLayout.DATA_OFFSET))) {
                channel.truncate(MemoryLayout.DATA_OFFSET);
            }
            return first;
        } catch (IOException | IndexOutOfBoundsException | InternalError e) {
            // Not there, not one, or shortened while we looked: nothing that a client waits on.
            return false;
        }
    }

    /**
     * @param ours whether it is a region whatever its client has written over it
     */
    private static int state(FileChannel channel, boolean ours) throws IOException {
        ByteBuffer header =
                ByteBuffer.allocate(MemoryLayout.STATE_OFFSET + Integer.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        while (header.hasRemaining() && channel.read(header, header.position()) > 0) {}
        if (header.hasRemaining() || (!ours && header.getInt(0) != MemoryLayout.MAGIC)) {
            throw new IOException("not a region");
        }
        return header.getInt(MemoryLayout.STATE_OFFSET);
    }
}
