package io.offcut.bundle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.function.BundleManifest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Bundles on disk, each under its own hash. The scheduler's store and every node's cache.
 *
 * <pre>
 *   lock               held while the store is open
 *   bundles/SHA.zip    complete and verified archives
 *   unpacked/SHA/      their files, for executors
 *   tmp/               what is being written; emptied when the store is opened
 * </pre>
 *
 * A file is written under {@code tmp}, forced to the disk and renamed, so a process killed at any
 * point leaves either the whole bundle or none of it. Safe for use by several threads of one
 * process; a second process is refused. Methods block on the disk.
 */
public final class BundleStore implements AutoCloseable {
    /** Where a missing bundle comes from. */
    @FunctionalInterface
    public interface Fetcher {
        /**
         * Opens the archive with this hash; the store reads and closes it. What arrives is
         * verified, so the source need not be trusted.
         */
        InputStream open(String sha256) throws IOException;
    }

    /** A stored bundle. */
    public record Stored(String sha256, BundleManifest manifest, long archiveBytes) {}

    private record Checked(long bytes, FileTime modified) {}

    private final Path bundles;
    private final Path unpacked;
    private final Path tmp;
    private final BundleLimits limits;
    private final FileChannel lockChannel;
    private final Map<String, Object> monitors = new ConcurrentHashMap<>();
    private final Map<String, Checked> checkedArchives = new ConcurrentHashMap<>();
    private final Map<String, Boolean> checkedFolders = new ConcurrentHashMap<>();

    private BundleStore(Path root, BundleLimits limits, FileChannel lockChannel) {
        this.bundles = root.resolve("bundles");
        this.unpacked = root.resolve("unpacked");
        this.tmp = root.resolve("tmp");
        this.limits = limits;
        this.lockChannel = lockChannel;
    }

    /**
     * Opens the store in this folder, which is made if it is missing.
     *
     * @throws OffcutException {@code CONFLICT} if another process has it open
     */
    public static BundleStore open(Path root, BundleLimits limits) {
        try {
            Files.createDirectories(root);
            FileChannel channel = lock(root);
            BundleStore store = new BundleStore(root, limits, channel);
            Files.createDirectories(store.bundles);
            Files.createDirectories(store.unpacked);
            Trees.delete(store.tmp);
            Files.createDirectories(store.tmp);
            return store;
        } catch (IOException e) {
            throw Refusal.io("cannot open the bundle store", root, e);
        }
    }

    private static FileChannel lock(Path root) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Open in this very process: refused below like any other second user.
        }
        if (lock == null) {
            channel.close();
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "the bundle store in "
                            + root
                            + " is in use; stop the other process or choose another folder");
        }
        return channel;
    }

    /**
     * Reads an archive to its end, verifies it and keeps it. Putting what is already there changes
     * nothing.
     *
     * @param in read to its end or to the size limit; not closed
     */
    public Stored put(InputStream in) {
        Path file = tmp.resolve(Trees.uniqueName());
        try {
            String sha256 = spool(in, file);
            BundleManifest manifest = BundleArchive.verify(file, limits);
            long bytes = Files.size(file);
            synchronized (monitor(sha256)) {
                if (isIntact(sha256)) {
                    Files.delete(file);
                } else {
                    commit(file, sha256);
                }
            }
            return new Stored(sha256, manifest, bytes);
        } catch (IOException e) {
            throw Refusal.io("cannot store a bundle", tmp, e);
        } finally {
            Trees.deleteQuietly(file);
        }
    }

    /** Whether the archive is there; says nothing of its content. */
    public boolean contains(String sha256) {
        return Files.isRegularFile(archive(sha256));
    }

    /** All archives that are there, in the order of their hashes. */
    public List<String> list() {
        try (Stream<Path> files = Files.list(bundles)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".zip"))
                    .map(name -> name.substring(0, name.length() - 4))
                    .filter(BundleHash::isHash)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw Refusal.io("cannot list the bundles", bundles, e);
        }
    }

    /**
     * The archive file, after its content was checked against its hash.
     *
     * @return empty if it is not there
     * @throws OffcutException {@code CONFLICT} if the stored file is damaged; pushing it again
     *     repairs it
     */
    public Optional<Path> find(String sha256) {
        try {
            if (!contains(sha256)) {
                return Optional.empty();
            }
            if (!isIntact(sha256)) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "the stored bundle " + sha256 + " is damaged on disk; push it again");
            }
            return Optional.of(archive(sha256));
        } catch (IOException e) {
            throw Refusal.io("cannot read bundle " + sha256, bundles, e);
        }
    }

    /**
     * The folder with the bundle's files, fetched and unpacked first if it is not there yet.
     * Several callers for one bundle wait for the same work.
     */
    public Path ensureUnpacked(String sha256, Fetcher fetcher) {
        try {
            synchronized (monitor(sha256)) {
                if (!isIntact(sha256)) {
                    fetch(sha256, fetcher);
                }
                Path folder = unpacked.resolve(sha256);
                if (!isUnpacked(sha256, folder)) {
                    unpack(sha256, folder);
                }
                return folder;
            }
        } catch (IOException e) {
            throw Refusal.io("cannot provide bundle " + sha256, unpacked, e);
        }
    }

    /** What a bundle that is here says of itself. */
    public BundleManifest manifest(String sha256) {
        Path file =
                find(sha256)
                        .orElseThrow(() ->
                                new OffcutException(
                                        ErrorCode.NOT_FOUND,
                                        "there is no bundle " + sha256 + "; push it first"));
        return BundleArchive.verify(file, limits);
    }

    /** Removes archive and files; nothing happens if they are not there. */
    public void remove(String sha256) {
        try {
            synchronized (monitor(sha256)) {
                forget(sha256);
                Files.deleteIfExists(archive(sha256));
                retire(unpacked.resolve(sha256));
            }
        } catch (IOException e) {
            throw Refusal.io("cannot remove bundle " + sha256, bundles, e);
        }
    }

    /** Lets another process have the store. */
    @Override
    public void close() {
        try {
            lockChannel.close();
        } catch (IOException e) {
            throw Refusal.io("cannot close the bundle store", bundles, e);
        }
    }

    private Path archive(String sha256) {
        if (!BundleHash.isHash(sha256)) {
            throw Refusal.invalid(
                    Refusal.quoted(sha256)
                            + " is not a SHA-256 of 64 lower-case hexadecimal digits");
        }
        return bundles.resolve(sha256 + ".zip");
    }

    private Object monitor(String sha256) {
        return monitors.computeIfAbsent(archive(sha256).toString(), key -> new Object());
    }

    private String spool(InputStream in, Path file) throws IOException {
        MessageDigest digest = BundleHash.newDigest();
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
            for (int count; (count = arrive(in, buffer)) >= 0; ) {
                total += count;
                if (total > limits.maxArchiveBytes()) {
                    throw Refusal.tooLarge(
                            "the bundle has more than "
                                    + limits.maxArchiveBytes()
                                    + " bytes, the limit; leave files out");
                }
                digest.update(buffer, 0, count);
                out.write(buffer, 0, count);
            }
        }
        Trees.force(file);
        return BundleHash.text(digest);
    }

    private static int arrive(InputStream in, byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE, "the bundle stopped arriving; send it again", e);
        }
    }

    private void commit(Path file, String sha256) throws IOException {
        forget(sha256);
        Path target = archive(sha256);
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        Trees.force(bundles);
        checkedArchives.put(sha256, stamp(target));
    }

    private void fetch(String sha256, Fetcher fetcher) throws IOException {
        Path file = tmp.resolve(Trees.uniqueName());
        try {
            String arrived;
            try (InputStream in = opened(sha256, fetcher)) {
                arrived = spool(in, file);
            }
            if (!arrived.equals(sha256)) {
                throw Refusal.invalid(
                        "asked for bundle " + sha256 + " and was sent " + arrived + "; try again");
            }
            BundleArchive.verify(file, limits);
            commit(file, sha256);
        } finally {
            Trees.deleteQuietly(file);
        }
    }

    private static InputStream opened(String sha256, Fetcher fetcher) {
        try {
            return fetcher.open(sha256);
        } catch (IOException e) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "cannot fetch bundle " + sha256 + ": " + Refusal.quoted(why) + "; try again",
                    e);
        }
    }

    private void unpack(String sha256, Path folder) throws IOException {
        retire(folder);
        Path fresh = tmp.resolve(Trees.uniqueName());
        try {
            BundleArchive.unpack(archive(sha256), fresh, limits);
            Trees.openToReaders(fresh);
            Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
            Trees.force(unpacked);
            checkedFolders.put(sha256, true);
        } finally {
            Trees.deleteQuietly(fresh);
        }
    }

    /** Moved away before it is deleted, so that a half-deleted folder is never taken for whole. */
    private void retire(Path folder) throws IOException {
        if (Files.exists(folder)) {
            Path old = tmp.resolve(Trees.uniqueName());
            Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
            Trees.delete(old);
        }
    }

    private void forget(String sha256) {
        checkedArchives.remove(sha256);
        checkedFolders.remove(sha256);
    }

    private boolean isIntact(String sha256) throws IOException {
        Path file = archive(sha256);
        if (!Files.isRegularFile(file)) {
            return false;
        }
        Checked stamp = stamp(file);
        if (stamp.equals(checkedArchives.get(sha256))) {
            return true;
        }
        boolean intact = BundleHash.of(file).equals(sha256);
        if (intact) {
            checkedArchives.put(sha256, stamp);
        }
        return intact;
    }

    private boolean isUnpacked(String sha256, Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        if (!checkedFolders.containsKey(sha256)) {
            if (!BundleArchive.matches(archive(sha256), folder, limits)) {
                return false;
            }
            checkedFolders.put(sha256, true);
        }
        return true;
    }

    private static Checked stamp(Path file) throws IOException {
        return new Checked(Files.size(file), Files.getLastModifiedTime(file));
    }
}
