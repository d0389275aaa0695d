package io.offcut.slurm.internal.cluster;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes and removes the directory of a cluster. */
final class ClusterFiles {
    /** Everything a cluster makes, save {@code work}, which is its user's. */
    private static final List<String> OWN =
            List.of(
                    "slurm.conf",
                    "cgroup.conf",
                    "munge.key",
                    "munge.seed",
                    "run",
                    "log",
                    "spool",
                    "state",
                    "tmp",
                    "plugstack.conf",
                    "offcut.so",
                    "sockets",
                    "cluster.properties");

    private ClusterFiles() {}

    /**
     * Makes the directory ready: new below java.io.tmpdir if none is given; one that held a stopped
     * cluster is cleared; any other must be absent or empty.
     */
    static ClusterLayout prepare(@Nullable Path wanted) {
        try {
            Path directory =
                    wanted == null
                            ? Files.createTempDirectory("offcut-slurm-")
                            : Files.createDirectories(wanted.toAbsolutePath().normalize());
            ClusterLayout layout = new ClusterLayout(directory.toRealPath());
            if (!layout.usable()) {
                throw unusable(layout);
            }
            if (Files.isRegularFile(layout.stateFile())) {
                refuseRunning(layout);
                for (String name : OWN) {
                    delete(layout.directory().resolve(name));
                }
            } else if (!isEmpty(layout.directory())) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        layout.directory() + " is not empty: give an empty or new directory");
            }
            openToAll(layout);
            makeFolders(layout);
            return layout;
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE, "cannot make the cluster's directory: " + e, e);
        }
    }

    private static void refuseRunning(ClusterLayout layout) {
        ClusterState state = ClusterState.load(layout);
        if (state.daemons().values().stream().anyMatch(ClusterState.DaemonId::alive)) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "a cluster is running in " + layout.directory() + ": stop it first");
        }
    }

    private static OffcutException unusable(ClusterLayout layout) {
        return new OffcutException(
                ErrorCode.USAGE,
                layout.directory()
                        + " is too long or has characters that slurm.conf cannot hold: choose a"
                        + " short plain path, for example below /tmp");
    }

    private static void openToAll(ClusterLayout layout) throws IOException {
        Files.setPosixFilePermissions(
                layout.directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        for (Path at = layout.directory(); at != null; at = at.getParent()) {
            if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                throw new OffcutException(
                        ErrorCode.USAGE,
                        "munged needs every directory above its socket open to all, and "
                                + at
                                + " is not: choose a directory elsewhere, for example below /tmp");
            }
        }
    }

    private static void makeFolders(ClusterLayout layout) throws IOException {
        Path top = layout.directory();
        for (String name : List.of("run", "log", "spool", "sockets", "tmp")) {
            Files.createDirectory(
                    top.resolve(name),
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwxr-xr-x")));
        }
        Files.createDirectory(
                top.resolve("state"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        makeOpen(layout.work());
    }

    /** Makes a folder in which everybody may make files. */
    static void makeOpen(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.setAttribute(folder, "unix:mode", 01777);
    }

    /** A fresh key that only its owner can read, as munged demands. */
    static void writeMungeKey(ClusterLayout layout) throws IOException {
        byte[] key = new byte[128];
        new SecureRandom().nextBytes(key);
        Files.createFile(
                layout.mungeKey(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(layout.mungeKey(), key);
        Files.setPosixFilePermissions(
                layout.mungeKey(), PosixFilePermissions.fromString("r--------"));
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var entries = Files.newDirectoryStream(directory)) {
            return !entries.iterator().hasNext();
        }
    }

    /** Removes a tree without following links out of it. */
    static void delete(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                tree,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path directory, @Nullable IOException e) throws IOException {
                        Files.deleteIfExists(directory);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
