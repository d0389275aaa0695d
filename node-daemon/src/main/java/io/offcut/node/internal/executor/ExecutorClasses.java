package io.offcut.node.internal.executor;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.internal.store.Folders;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The class path of executors. They run as another user, who may not be able to read where this
 * program lies, a build under /root for example: then it is copied to where they can.
 */
final class ExecutorClasses {
    private ExecutorClasses() {}

    /**
     * A class path that any user can read: the given one, or a copy under {@code folder}. Copies of
     * other versions are deleted.
     */
    static String readable(String classPath, Path folder) {
        List<Path> entries = entries(classPath);
        if (entries.stream().allMatch(ExecutorClasses::openToAll)) {
            Folders.delete(folder);
            return join(entries);
        }
        try {
            return join(copies(entries, folder));
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "cannot copy the executor's classes to " + folder + " (" + e.getMessage() + ")",
                    e);
        }
    }

    private static List<Path> entries(String classPath) {
        List<Path> entries = new ArrayList<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).toAbsolutePath().normalize();
            if (!entry.isBlank() && Files.exists(path)) {
                entries.add(path);
            }
        }
        return entries;
    }

    private static String join(List<Path> entries) {
        return String.join(File.pathSeparator, entries.stream().map(Path::toString).toList());
    }

    private static List<Path> copies(List<Path> entries, Path folder) throws IOException {
        Path complete = folder.resolve(stamp(entries));
        if (!Files.isDirectory(complete)) {
            Folders.delete(folder);
            Folders.make(folder, "rwxr-xr-x");
            Path fresh = Folders.make(folder.resolve("new"), "rwxr-xr-x");
            for (int i = 0; i < entries.size(); i++) {
                copy(entries.get(i), fresh.resolve(name(i, entries.get(i))));
            }
            Files.move(fresh, complete, StandardCopyOption.ATOMIC_MOVE);
        }
        List<Path> copies = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            copies.add(complete.resolve(name(i, entries.get(i))));
        }
        return copies;
    }

    private static String name(int index, Path entry) {
        return index + "-" + entry.getFileName();
    }

    /** Differs for each version of the program and of Java; empty when that cannot be told. */
    static String stamp(String classPath) {
        try {
            return stamp(entries(classPath)) + "-" + Runtime.version().hashCode();
        } catch (IOException e) {
            return "";
        }
    }

    // Same files, same stamp: executors of an earlier daemon go on reading what they started with.
    private static String stamp(List<Path> entries) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path entry : entries) {
                Files.walkFileTree(
                        entry,
                        new SimpleFileVisitor<>() {
                            @Override
                            public FileVisitResult visitFile(Path file, BasicFileAttributes of) {
                                String line =
                                        file + " " + of.size() + " " + of.lastModifiedTime() + "\n";
                                digest.update(line.getBytes(StandardCharsets.UTF_8));
                                return FileVisitResult.CONTINUE;
                            }
                        });
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes of)
                            throws IOException {
                        Folders.make(to.resolve(from.relativize(dir)), "rwxr-xr-x");
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes of)
                            throws IOException {
                        Path target = file.equals(from) ? to : to.resolve(from.relativize(file));
                        Files.copy(file, target);
                        Files.setPosixFilePermissions(
                                target, PosixFilePermissions.fromString("rw-r--r--"));
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    private static boolean openToAll(Path entry) {
        boolean folder = Files.isDirectory(entry);
        return reachable(entry)
                && allows(entry, PosixFilePermission.OTHERS_READ)
                && (!folder || allows(entry, PosixFilePermission.OTHERS_EXECUTE));
    }

    /** Whether any user may pass through all folders above the path. */
    static boolean reachable(Path path) {
        for (@Nullable Path above = path.getParent(); above != null; above = above.getParent()) {
            if (!allows(above, PosixFilePermission.OTHERS_EXECUTE)) {
                return false;
            }
        }
        return true;
    }

    private static boolean allows(Path path, PosixFilePermission permission) {
        try {
            return Files.getPosixFilePermissions(path).contains(permission);
        } catch (IOException e) {
            return false;
        }
    }
}
