package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A counter that a job increments and we read: the first {@value #COUNTER_BYTES} bytes of a file of
 * one page, little-endian, which the job maps into its memory.
 *
 * <p>We make the file, in a folder that is ours alone, and give it to the job's user, who can write
 * it but put nothing else in its place. It is read and never mapped here: a job that shortens it
 * harms only what we know of it. For one thread.
 */
public final class ProgressFile implements AutoCloseable {
    private static final int COUNTER_BYTES = 8;
    private static final int PAGE_BYTES = 4096;

    private final Path path;
    private final FileChannel file;
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(COUNTER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private ProgressFile(Path path, FileChannel file) {
        this.path = path;
        this.file = file;
    }

    /**
     * Makes it, or takes the one that an earlier daemon made.
     *
     * @param path in a folder that nobody else may write
     * @param uid the user who may write it
     * @throws OffcutException {@code EXHAUSTED} when it cannot be made or given to that user
     */
    public static ProgressFile make(Path path, int uid) {
        try {
            FileChannel file =
                    FileChannel.open(
                            path,
                            Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.READ,
                                    StandardOpenOption.WRITE,
                                    LinkOption.NOFOLLOW_LINKS),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")));
            try {
                if (file.size() < PAGE_BYTES) {
                    file.write(ByteBuffer.allocate(PAGE_BYTES), 0);
                }
                if (!Integer.valueOf(uid).equals(Files.getAttribute(path, "unix:uid"))) {
                    Files.setAttribute(path, "unix:uid", uid);
                }
                return new ProgressFile(path, file);
            } catch (IOException | RuntimeException e) {
                file.close();
                Files.deleteIfExists(path);
                throw e;
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot make the progress counter "
                            + path
                            + " of user "
                            + uid
                            + " ("
                            + e.getClass().getSimpleName()
                            + ")",
                    e);
        }
    }

    /** What it counts now; negative when the job has made it unreadable, or wrote such a number. */
    public long read() {
        buffer.clear();
        try {
            return file.read(buffer, 0) == COUNTER_BYTES ? buffer.getLong(0) : -1;
        } catch (IOException e) {
            return -1;
        }
    }

    /** Closes and deletes it; a job that has it mapped does not notice. */
    public void delete() {
        close();
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // The next daemon deletes what is left.
        }
    }

    /** Leaves it to the next daemon: the job may go on. */
    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // Nothing was written.
        }
    }
}
