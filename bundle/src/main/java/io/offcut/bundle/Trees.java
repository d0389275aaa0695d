package io.offcut.bundle;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Files and folders of the store itself. */
final class Trees {
    private static final Set<PosixFilePermission> READABLE =
            PosixFilePermissions.fromString("rwxr-xr-x");

    private Trees() {}

    static String uniqueName() {
        return UUID.randomUUID().toString();
    }

    /** Forces a file or a folder's list of names to the disk (fsync(2)). */
    static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Executors may run as another user than the daemon whatever its umask is. */
    static void openToReaders(Path folder) throws IOException {
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path path, BasicFileAttributes attributes) throws IOException {
                        Files.setPosixFilePermissions(path, READABLE);
                        force(path);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                path,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path folder, @Nullable IOException failure) throws IOException {
                        Files.delete(folder);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    static void deleteQuietly(Path path) {
        try {
            delete(path);
        } catch (IOException e) {
            // Left under tmp; the next start removes it.
        }
    }
}
