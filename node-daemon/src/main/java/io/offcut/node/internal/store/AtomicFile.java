package io.offcut.node.internal.store;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * Small files that only their owner can read, replaced as a whole. They survive the process, not
 * necessarily the machine: after a crash of the machine the executors they speak of are gone too.
 */
public final class AtomicFile {
    private AtomicFile() {}

    /**
     * Writes the file anew, readable by its owner only. Blocks.
     *
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} when it cannot be written
     */
    public static void write(Path file, byte[] content) {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.deleteIfExists(fresh);
            try (FileChannel out =
                    FileChannel.open(
                            fresh,
                            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")))) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
            }
            Files.move(
                    fresh,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot write " + file + " (" + e.getMessage() + "); is the disk full?",
                    e);
        }
    }

    /**
     * Reads the file. Blocks.
     *
     * @return null when there is none, or it is larger than {@code maxBytes}
     */
    public static byte @Nullable [] read(Path file, long maxBytes) throws IOException {
        try {
            return Files.size(file) > maxBytes ? null : Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return null;
        }
    }
}
