package io.offcut.traces;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
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
import java.util.UUID;

/**
 * A file that is there whole or not at all: a part with a name of its own is written beside its
 * place and moved there when it is done. What was there stays until then, and leaves its mode. Of
 * several writers of one file the last to be done wins. For one thread.
 */
public final class WholeFile implements AutoCloseable {
    private static final String PART_PREFIX = ".offcut-";
    private static final String PART_SUFFIX = ".part";
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final Set<PosixFilePermission> OWNER_ALONE =
            PosixFilePermissions.fromString("rw-------");

    private final Path file;

    /** The file itself where that is a device or a pipe. */
    private final Path part;

    private final OutputStream out;

    private WholeFile(Path file, Path part) throws IOException {
        this.file = file;
        this.part = part;
        // Not Files.newOutputStream: an interrupt must not close the file half-way.
        this.out = new BufferedOutputStream(new FileOutputStream(part.toFile()), BUFFER_BYTES);
    }

    /** Begins a file where a user said. A link is followed; a device or a pipe written in place. */
    public static WholeFile at(Path named) throws IOException {
        boolean regular = Files.isRegularFile(named);
        if (!regular && Files.exists(named, LinkOption.NOFOLLOW_LINKS)) {
            return new WholeFile(named, named);
        }
        Path file = regular ? named.toRealPath() : named.toAbsolutePath();
        return by(Optional.ofNullable(file.getParent()).orElse(file), file);
    }

    /**
     * Begins a file whose part is in another folder.
     *
     * @param workFolder on the same file system
     */
    public static WholeFile by(Path workFolder, Path file) throws IOException {
        if (!Files.isDirectory(workFolder)) {
            throw new NoSuchFileException(workFolder.toString());
        }
        Path part = workFolder.resolve(PART_PREFIX + UUID.randomUUID() + PART_SUFFIX);
        if (Files.isRegularFile(file)) {
            // Nobody may read it meanwhile who might not read the one before.
            Files.createFile(part, PosixFilePermissions.asFileAttribute(OWNER_ALONE));
        } else {
            Files.createFile(part);
        }
        return new WholeFile(file, part);
    }

    /** Writes all of a file. */
    public static void write(Path named, byte[] content) throws IOException {
        try (WholeFile whole = at(named)) {
            whole.finish(content);
        }
    }

    /** Where its content goes. */
    public OutputStream out() {
        return out;
    }

    /** Writes the rest of it, which may be all. */
    public void finish(byte[] content) throws IOException {
        out.write(content);
        done();
    }

    /** All is written. */
    public void done() throws IOException {
        out.close();
        if (part.equals(file)) {
            return;
        }
        if (Files.isRegularFile(file)) {
            Files.setPosixFilePermissions(part, Files.getPosixFilePermissions(file));
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Unless it is done, nothing of it stays. */
    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            if (!part.equals(file)) {
                Files.deleteIfExists(part);
            }
        }
    }

    /** Removes what a process that was killed left half written in a folder. */
    public static void removeParts(Path folder) throws IOException {
        String pattern = PART_PREFIX + "*" + PART_SUFFIX;
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, pattern)) {
            for (Path part : parts) {
                Files.deleteIfExists(part);
            }
        }
    }
}
