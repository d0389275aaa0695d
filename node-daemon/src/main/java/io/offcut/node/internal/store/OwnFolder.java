package io.offcut.node.internal.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder, in a place where others may make some too, that one daemon has for as long as it lives:
 * what lies there and is not its own, it deletes. It is locked by a file in it, whose lock the
 * kernel takes back from a daemon that was killed.
 */
public final class OwnFolder implements AutoCloseable {
    /** The file's name. */
    public static final String LOCK = ".lock";

    private static final Logger log = LoggerFactory.getLogger(OwnFolder.class);
    private static final int TRIES = 3;

    // Who may read it could have its lock, and keep every daemon from starting.
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path folder;
    private final FileChannel locked;

    private OwnFolder(Path folder, FileChannel locked) {
        this.folder = folder;
        this.locked = locked;
    }

    /**
     * Makes it if it is not there, as {@link Folders#makeOwn}, and locks it. Does not wait.
     *
     * @throws FileSystemException saying why it cannot be this daemon's
     */
    public static OwnFolder take(Path folder, String permissions) throws IOException {
        for (int tried = 0; tried < TRIES; tried++) {
            Path made = Folders.makeOwn(folder, permissions);
            FileChannel channel =
                    FileChannel.open(
                            made.resolve(LOCK),
                            Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.WRITE,
                                    LinkOption.NOFOLLOW_LINKS),
                            OWNER_ONLY);
            if (!isLocked(channel)) {
                channel.close();
                throw new FileSystemException(
                        folder.toString(), null, "another node daemon has it");
            }
            // One that was just ending may have deleted the file before we had its lock.
            if (Files.exists(made.resolve(LOCK))) {
                return new OwnFolder(made, channel);
            }
            channel.close();
        }
        throw new FileSystemException(folder.toString(), null, "another node daemon is ending");
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** Gives it up, and removes it if nothing of the daemon's is left there. */
    @Override
    public void close() {
        try (FileChannel _ = locked) {
            Files.deleteIfExists(folder.resolve(LOCK));
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            log.debug("{} is kept: executors live on", folder);
        } catch (IOException e) {
            log.warn("cannot delete {} ({})", folder, e.toString());
        }
    }
}
