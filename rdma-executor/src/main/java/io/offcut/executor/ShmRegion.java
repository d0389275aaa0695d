package io.offcut.executor;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.shm.ShmLayout;
import io.offcut.executor.internal.shm.ShmMapping;
import io.offcut.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The shared-memory regions of a lease, as the node daemon sees them: files that it makes before
 * the executor starts and marks as ended when the lease or the executor is over. Nothing here
 * blocks on a client or a worker.
 */
public final class ShmRegion {
    private ShmRegion() {}

    /** Where the region of a worker lies. */
    public static Path file(Path regionDir, int worker) {
        return regionDir.resolve("worker-" + worker + ".region");
    }

    /** Size of a region's file and of its mapping; memory is taken only where it is touched. */
    public static long bytes(int slots, int payloadBytes) {
        return ShmLayout.regionBytes(slots, payloadBytes);
    }

    /**
     * Makes the region of one worker.
     *
     * @param file must not exist; best under /dev/shm, or on a hugetlbfs with pages of 2 MiB
     * @param slots 1 to 64
     * @param payloadBytes largest input and result, 1 byte to 1 GiB
     * @param permissions in the form {@code rw-rw----}; they hold whatever the umask is
     * @throws OffcutException {@code CONFLICT} if the file exists, {@code EXHAUSTED} if it cannot
     *     be made
     */
    public static void create(Path file, int slots, int payloadBytes, String permissions) {
        if (!ShmLayout.valid(slots, payloadBytes)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "a region of "
                            + slots
                            + " slots of "
                            + payloadBytes
                            + " bytes is not possible: at most 64 slots of at most 1 GiB");
        }
        Set<PosixFilePermission> mode = PosixFilePermissions.fromString(permissions);
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        Set.of(CREATE_NEW, READ, WRITE, NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            try {
                lay(channel, slots, payloadBytes);
                Files.setPosixFilePermissions(file, mode);
            } catch (IOException | RuntimeException e) {
                Files.deleteIfExists(file);
                throw e;
            }
        } catch (FileAlreadyExistsException e) {
            throw new OffcutException(ErrorCode.CONFLICT, "region " + file + " exists already", e);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot make region " + file + ": " + e.getMessage() + "; free some memory",
                    e);
        }
    }

    /**
     * Marks a region as ended and wakes its client and its worker: every outstanding invocation
     * then completes with this status at the client. The first end of a region is the one that
     * counts.
     *
     * <p>Whoever uses the region may shorten its file at any time, so its memory is not touched
     * from here: what cannot be read is an error and not a signal.
     *
     * @return whether this call ended it; false when it had ended, or is no region
     */
    public static boolean end(Path file, InvocationStatus status) {
        if (status == InvocationStatus.OK) {
            throw new IllegalArgumentException("a region does not end with OK");
        }
        try (FileChannel channel = FileChannel.open(file, Set.of(READ, WRITE, NOFOLLOW_LINKS))) {
            if (word(channel, ShmLayout.MAGIC_OFFSET) != ShmLayout.MAGIC
                    || word(channel, ShmLayout.STATE_OFFSET) < 0) {
                return false;
            }
            ShmMapping.end(channel, status.code());
            return true;
        } catch (IOException | InternalError e) {
            // Not there, not one, or shortened while we looked: nothing that a client waits on.
            return false;
        }
    }

    private static int word(FileChannel channel, int offset) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (channel.read(word, offset) != Integer.BYTES) {
            throw new IOException("the region ends before byte " + offset);
        }
        return word.getInt(0);
    }

    /**
     * Writes the header, so that its memory is there, and leaves the payload areas sparse. All of
     * the file is mapped for it, because that is when huge pages are set aside for it or are not to
     * be had.
     */
    private static void lay(FileChannel channel, int slots, int payloadBytes) throws IOException {
        ByteBuffer header =
                ByteBuffer.allocate((int) ShmLayout.headerBytes(slots))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(ShmLayout.MAGIC_OFFSET, ShmLayout.MAGIC)
                        .putInt(ShmLayout.VERSION_OFFSET, ShmLayout.VERSION)
                        .putInt(ShmLayout.SLOTS_OFFSET, slots)
                        .putInt(ShmLayout.PAYLOAD_BYTES_OFFSET, payloadBytes)
                        .putLong(ShmLayout.REGION_BYTES_OFFSET, bytes(slots, payloadBytes));
        try (Arena arena = Arena.ofConfined()) {
            long bytes = bytes(slots, payloadBytes);
            SharedMemory.put(channel.map(MapMode.READ_WRITE, 0, bytes, arena), header);
        }
    }
}
