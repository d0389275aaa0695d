package io.offcut.linux;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.Pipe;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files that several processes map into their memory, best under /dev/shm. The mapping lives as
 * long as the arena it is given; for one that several threads use that is a shared arena.
 *
 * <p>The last part of a path is never followed when it is a symbolic link. The folders above it are
 * the caller's business. Whoever may write the file may also shorten it; touching the part that is
 * gone then throws {@link InternalError}.
 */
public final class SharedMemory {
    private static final int CHUNK_BYTES = 1 << 16;
    private static final int MADV_REMOVE = 9;
    private static final LibC MADVISE = new LibC("madvise");

    /** Every pipe holds as much. */
    private static final int PIPE_BYTES = 4096;

    private SharedMemory() {}

    /**
     * Makes a new file of exactly this size, filled with zeros, and maps it. All its memory is
     * taken now, so that a full /dev/shm is an error here and not a crash later.
     *
     * @param permissions in the form {@code rw-rw----}; they hold whatever the umask is
     * @throws OffcutException {@code CONFLICT} if the path exists, {@code EXHAUSTED} if the file
     *     cannot be made or there is no room for it
     */
    public static MemorySegment create(Path file, long bytes, String permissions, Arena arena) {
        checkSize(bytes);
        Set<PosixFilePermission> mode = PosixFilePermissions.fromString(permissions);
        Set<PosixFilePermission> closed = PosixFilePermissions.fromString("rw-------");
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        Set.of(CREATE_NEW, READ, WRITE, NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(closed))) {
            try {
                fill(channel, bytes);
                setMode(file, mode);
                return channel.map(MapMode.READ_WRITE, 0, bytes, arena);
            } catch (IOException | RuntimeException e) {
                Files.deleteIfExists(file);
                throw e;
            }
        } catch (FileAlreadyExistsException e) {
            throw new OffcutException(
                    ErrorCode.CONFLICT, "shared memory " + file + " exists already", e);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot make shared memory " + file + " of " + bytes + " bytes: " + reason(e),
                    e);
        }
    }

    /**
     * Maps the first {@code bytes} of a file that is there.
     *
     * @throws OffcutException {@code NOT_FOUND} if it is not there, {@code INVALID_INPUT} if it is
     *     a link, not a file, or smaller, {@code FORBIDDEN} if it may not be opened
     */
    public static MemorySegment open(Path file, long bytes, Arena arena) {
        checkSize(bytes);
        try (FileChannel channel = openFile(file)) {
            if (channel.size() < bytes) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT,
                        "shared memory "
                                + file
                                + " has "
                                + channel.size()
                                + " bytes, expected "
                                + bytes);
            }
            return channel.map(MapMode.READ_WRITE, 0, bytes, arena);
        } catch (IOException e) {
            throw cannotOpen(file, e);
        }
    }

    /**
     * Opens a file that is there, to be read, written and mapped. The caller closes it.
     *
     * @throws OffcutException as {@link #open}
     */
    public static FileChannel openFile(Path file) {
        try {
            // Before the open, which could block on or trigger a device.
            if (!Files.readAttributes(file, BasicFileAttributes.class, NOFOLLOW_LINKS)
                    .isRegularFile()) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT, "shared memory " + file + " is not a file");
            }
            return FileChannel.open(file, Set.of(READ, WRITE, NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "shared memory " + file + " is not there", e);
        } catch (IOException e) {
            throw cannotOpen(file, e);
        }
    }

    private static OffcutException cannotOpen(Path file, IOException e) {
        return new OffcutException(
                ErrorCode.FORBIDDEN, "cannot open shared memory " + file + ": " + reason(e), e);
    }

    /**
     * Copies bytes into mapped memory without touching it from here: the kernel puts them there,
     * out of a pipe. So a page that is gone, or that cannot be had, is an error and not a signal,
     * and unlike write(2) on the file it does for huge pages too.
     *
     * @param bytes from position to limit
     * @throws IOException if a page is missing; what comes before it may have been written
     */
    public static void put(MemorySegment mapped, ByteBuffer bytes) throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SinkChannel in = pipe.sink();
                Pipe.SourceChannel out = pipe.source()) {
            ByteBuffer target = mapped.asSlice(0, bytes.remaining()).asByteBuffer();
            while (bytes.hasRemaining()) {
                int piece = Math.min(bytes.remaining(), PIPE_BYTES);
                int written = in.write(bytes.slice(bytes.position(), piece));
                bytes.position(bytes.position() + written);
                while (target.position() < target.limit() - bytes.remaining()) {
                    int ignored = out.read(target);
                }
            }
        }
    }

    /**
     * Gives whole pages of a mapped file back to the system, whoever else has them mapped
     * (madvise(2), MADV_REMOVE): who touches them again finds zeros, and takes memory of its own.
     *
     * @return false when the kernel refused
     */
    public static boolean giveBack(MemorySegment pages) {
        return (int) MADVISE.call(pages.address(), pages.byteSize(), MADV_REMOVE) == 0;
    }

    private static void fill(FileChannel channel, long bytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(bytes, CHUNK_BYTES));
        for (long written = 0; written < bytes; ) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - written));
            written += channel.write(zeros);
        }
    }

    private static void setMode(Path file, Set<PosixFilePermission> mode) throws IOException {
        PosixFileAttributeView view =
                Files.getFileAttributeView(file, PosixFileAttributeView.class, NOFOLLOW_LINKS);
        if (view == null) {
            throw new IOException("its file system has no permission bits");
        }
        view.setPermissions(mode);
    }

    private static void checkSize(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("shared memory of " + bytes + " bytes");
        }
    }

    private static String reason(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
