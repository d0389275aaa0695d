package io.offcut.cli;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Files that are there whole or not at all. */
public final class OutputFiles {
    private static final String PART_PREFIX = ".offcut-";
    private static final String PART_SUFFIX = ".part";
    private static final AtomicLong NEXT = new AtomicLong();

    private OutputFiles() {}

    /** Writes a file beside its place and moves it there, so that nobody sees a part of it. */
    public static void replace(Path file, byte[] content) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
        replace(file, content, folder);
    }

    /**
     * Writes a file in one folder and moves it to its place.
     *
     * @param workFolder on the same file system
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if it cannot be written
     */
    public static void replace(Path file, byte[] content, Path workFolder) {
        String name = ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet();
        Path part = workFolder.resolve(PART_PREFIX + name + PART_SUFFIX);
        try {
            try {
                // Not Files.write: an interrupt must not close the file half-way.
                try (FileOutputStream out = new FileOutputStream(part.toFile())) {
                    out.write(content);
                }
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw failed(file, e);
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
            throw failed(folder, e);
        }
    }

    /** What to tell of a file that cannot be written. */
    public static OffcutException failed(Path file, IOException e) {
        String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return new OffcutException(
                ErrorCode.EXHAUSTED,
                "output "
                        + file
                        + ": cannot be written ("
                        + why
                        + "): check the disk's room and the folder's permissions",
                e);
    }
}
