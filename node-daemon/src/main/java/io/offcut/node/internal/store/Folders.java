package io.offcut.node.internal.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Folders of the daemon. Links are never followed. Methods block on the disk. */
public final class Folders {
    private static final Logger log = LoggerFactory.getLogger(Folders.class);

    // Each level holds a file descriptor while it is deleted.
    private static final int MAX_DEPTH = 200;

    private Folders() {}

    /** Makes a folder with exactly these permissions, for example {@code rwx--x--x}. */
    public static Path make(Path folder, String permissions) throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
        return folder;
    }

    /**
     * Makes a folder in a place where others may make some too, and accepts one that is there only
     * when it is a folder, this user's, and nobody else may write into it.
     *
     * @throws FileSystemException saying what it is instead
     */
    public static Path makeOwn(Path folder, String permissions) throws IOException {
        Path above = folder.getParent();
        if (above != null) {
            Files.createDirectories(above);
        }
        try {
            Files.createDirectory(
                    folder,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            requireOwn(folder);
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
        return folder;
    }

    // Nobody can put another in its place: in a folder such as /dev/shm only the owner may.
    private static void requireOwn(Path folder) throws IOException {
        PosixFileAttributes is =
                Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!is.isDirectory()) {
            throw new FileSystemException(folder.toString(), null, "it is there and no folder");
        }
        if (!is.owner().equals(Files.getOwner(Path.of("/proc/self")))) {
            throw new FileSystemException(
                    folder.toString(), null, "it belongs to " + is.owner().getName());
        }
        if (is.permissions().contains(PosixFilePermission.GROUP_WRITE)
                || is.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new FileSystemException(folder.toString(), null, "others may write into it");
        }
    }

    /** What lies in the folder; nothing when it is not there. */
    public static List<Path> list(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Deletes a folder with all it holds; warns once when something stays. */
    public static void delete(Path folder) {
        Path above = folder.toAbsolutePath().getParent();
        if (above == null || !Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (SecureDirectoryStream<Path> parent = open(above)) {
            delete(parent, folder.toAbsolutePath(), MAX_DEPTH);
        } catch (NoSuchFileException e) {
            log.debug("{} went away meanwhile", folder);
        } catch (IOException | DirectoryIteratorException e) {
            log.warn("cannot delete {} ({}); remove it by hand", folder, e.toString());
        }
    }

    // Linux always gives the secure kind (openat(2)). The caller closes it.
    @SuppressWarnings({"unchecked", "StreamResourceLeak"})
    private static SecureDirectoryStream<Path> open(Path folder) throws IOException {
        return (SecureDirectoryStream<Path>) Files.newDirectoryStream(folder);
    }

    // Every name is looked up in the open folder above it. Whoever owns what lies there may put
    // links in the place of folders meanwhile and leads nowhere with them.
    private static void delete(SecureDirectoryStream<Path> parent, Path path, int depth)
            throws IOException {
        Path name = path.getFileName();
        BasicFileAttributes is =
                parent.getFileAttributeView(
                                name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .readAttributes();
        if (!is.isDirectory()) {
            parent.deleteFile(name);
            return;
        }
        if (depth == 0) {
            throw new FileSystemException(path.toString(), null, "folders lie too deep");
        }
        try (SecureDirectoryStream<Path> folder = enter(parent, path)) {
            // A function may have taken its own folders' write permission away.
            folder.getFileAttributeView(PosixFileAttributeView.class)
                    .setPermissions(PosixFilePermissions.fromString("rwx------"));
            for (Path entry : folder) {
                delete(folder, path.resolve(entry.getFileName()), depth - 1);
            }
        }
        parent.deleteDirectory(name);
    }

    private static SecureDirectoryStream<Path> enter(SecureDirectoryStream<Path> parent, Path path)
            throws IOException {
        try {
            return parent.newDirectoryStream(path.getFileName(), LinkOption.NOFOLLOW_LINKS);
        } catch (AccessDeniedException e) {
            // Never for root. Without root a function has this very user: where a link that it puts
            // here leads to, it may change itself.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
            return parent.newDirectoryStream(path.getFileName(), LinkOption.NOFOLLOW_LINKS);
        }
    }
}
