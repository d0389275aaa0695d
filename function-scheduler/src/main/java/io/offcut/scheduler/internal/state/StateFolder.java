package io.offcut.scheduler.internal.state;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The scheduler's folder: mode 0700, one scheduler at a time, files replaced as a whole. Safe for
 * any thread; blocks on the disk.
 */
public final class StateFolder implements AutoCloseable {
    private static final Set<PosixFilePermission> OWNER_ONLY =
            PosixFilePermissions.fromString("rwx------");
    private static final FileAttribute<Set<PosixFilePermission>> FOLDER_MODE =
            PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    private static final FileAttribute<Set<PosixFilePermission>> FILE_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path root;
    private final FileChannel lockChannel;

    private StateFolder(Path root, FileChannel lockChannel) {
        this.root = root;
        this.lockChannel = lockChannel;
    }

    /**
     * Makes the folder if need be and locks it.
     *
     * @throws OffcutException {@code CONFLICT} if another scheduler uses it, {@code FORBIDDEN} if
     *     others may look into it
     */
    public static StateFolder open(Path root) {
        try {
            Files.createDirectories(root, FOLDER_MODE);
            requireOwnerOnly(root);
            FileChannel channel = openToWrite(root.resolve("lock"));
            if (!isLocked(channel)) {
                channel.close();
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "another scheduler uses the state folder "
                                + root
                                + "; stop it or set another stateDir");
            }
            return new StateFolder(root, channel);
        } catch (IOException e) {
            throw failure("cannot use the state folder", root, e);
        }
    }

    private static void requireOwnerOnly(Path root) throws IOException {
        if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(root))) {
            throw new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "others may look into the state folder " + root + "; run: chmod 700 " + root);
        }
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    public Path path(String name) {
        return root.resolve(name);
    }

    /** The whole file; empty if there is none. */
    public Optional<byte[]> read(String name) {
        Path file = path(name);
        try {
            return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
        } catch (IOException e) {
            throw failure("cannot read", file, e);
        }
    }

    /** Replaces the file: after a crash it is the old or the new one, on disk. Mode 0600. */
    public void write(String name, byte[] content) {
        Path file = path(name);
        Path fresh = path(name + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            fresh,
                            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            FILE_MODE)) {
                ByteBuffer buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel folder = FileChannel.open(root, StandardOpenOption.READ)) {
                folder.force(true);
            }
        } catch (IOException e) {
            deleteQuietly(fresh);
            throw failure("cannot write", file, e);
        }
    }

    /** A file to go on writing, made with mode 0600 if there is none. */
    FileChannel openToWrite(String name) throws IOException {
        return openToWrite(path(name));
    }

    private static FileChannel openToWrite(Path file) throws IOException {
        return FileChannel.open(
                file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), FILE_MODE);
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The failure that led here is the one to report.
        }
    }

    /** One line that says what the disk refused and what to do. */
    static OffcutException failure(String doing, Path file, IOException e) {
        String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String lower = why.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left") || lower.contains("quota exceeded")) {
            return new OffcutException(
                    ErrorCode.EXHAUSTED,
                    doing + " " + file + ": the disk is full; free space there",
                    e);
        }
        if (e instanceof AccessDeniedException) {
            return new OffcutException(
                    ErrorCode.FORBIDDEN,
                    doing + " " + file + ": permission denied; check its owner and mode",
                    e);
        }
        return new OffcutException(
                ErrorCode.INTERNAL, doing + " " + file + ": " + e.getClass().getSimpleName(), e);
    }

    @Override
    public void close() {
        try {
            lockChannel.close();
        } catch (IOException e) {
            throw failure("cannot close", root, e);
        }
    }
}
