package io.offcut.cli;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Files that are there whole or not at all. */
public final class OutputFiles {
    private static final String PART_PREFIX = ".offcut-";
    private static final String PART_SUFFIX = ".part";
    private static final Set<PosixFilePermission> OWNER_ALONE =
            PosixFilePermissions.fromString("rw-------");
    private static final AtomicLong NEXT = new AtomicLong();

    private OutputFiles() {}

    /**
     * Writes where a user said: a file beside its place, and moves it there, so that nobody sees a
     * part of it; a device or a pipe in place. A link is followed.
     *
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if it cannot be written
     */
    public static void write(Path out, byte[] content) {
        try {
            boolean regular = Files.isRegularFile(out);
            if (regular || Files.notExists(out, LinkOption.NOFOLLOW_LINKS)) {
                Path file = regular ? out.toRealPath() : out.toAbsolutePath();
                replace(file, content, Optional.ofNullable(file.getParent()).orElse(file));
            } else {
                writeTo(out, content);
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(out, e);
        }
    }

    // Not Files.write: an interrupt must not close the file half-way.
    private static void writeTo(Path file, byte[] content) throws IOException {
        try (FileOutputStream out = new FileOutputStream(file.toFile())) {
            out.write(content);
        }
    }

    /**
     * Writes a file in one folder and moves it to its place; a file that was there leaves its mode.
     *
     * @param workFolder on the same file system
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if it cannot be written
     */
    public static void replace(Path file, byte[] content, Path workFolder) {
        String name = ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet();
        Path part = workFolder.resolve(PART_PREFIX + name + PART_SUFFIX);
        try {
            if (!Files.isDirectory(workFolder)) {
                throw new NoSuchFileException(workFolder.toString());
            }
            try {
                if (Files.isRegularFile(file)) {
                    // Nobody may read it meanwhile who might not read the one before.
                    Files.createFile(part, PosixFilePermissions.asFileAttribute(OWNER_ALONE));
                    writeTo(part, content);
                    Files.setPosixFilePermissions(part, Files.getPosixFilePermissions(file));
                } else {
                    writeTo(part, content);
                }
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(file, e);
        }
    }

    /** Removes what a process that was killed left half written. */
    public static void removeParts(Path folder) {
        String pattern = PART_PREFIX + "*" + PART_SUFFIX;
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, pattern)) {
            for (Path part : parts) {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
    }
}
