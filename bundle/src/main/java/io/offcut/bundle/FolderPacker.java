package io.offcut.bundle;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipOutputStream;

/** From a folder to an archive whose bytes depend on names and contents only. */
final class FolderPacker {
    /** The earliest time that the format can express. */
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private static final int MAX_DEPTH = 64;

    private FolderPacker() {}

    static void pack(Path folder, Path target, BundleLimits limits) throws IOException {
        if (!Files.isRegularFile(folder.resolve(BundleArchive.MANIFEST))) {
            throw Refusal.invalid(
                    "there is no "
                            + BundleArchive.MANIFEST
                            + " in "
                            + folder
                            + "; add one that lists its functions");
        }
        SortedMap<String, Path> files = files(folder, target, limits);
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(target))) {
            zip.setMethod(ZipOutputStream.STORED);
            for (var file : files.entrySet()) {
                add(zip, file.getKey(), file.getValue());
            }
        }
    }

    private static SortedMap<String, Path> files(Path folder, Path target, BundleLimits limits)
            throws IOException {
        SortedMap<String, Path> files = new TreeMap<>();
        long total = 0;
        for (Path path : walk(folder)) {
            if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                    || path.toAbsolutePath().equals(target.toAbsolutePath())) {
                continue;
            }
            String name = folder.relativize(path).toString();
            if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                throw Refusal.invalid(
                        "bundle "
                                + folder
                                + ": "
                                + Refusal.quoted(name)
                                + " is a symbolic link or a special file; put the file itself there");
            }
            files.put(name, path);
            total += Files.size(path);
            if (total > limits.maxArchiveBytes() || files.size() > limits.maxEntries()) {
                throw Refusal.tooLarge(
                        "bundle "
                                + folder
                                + " has more than "
                                + limits.maxArchiveBytes()
                                + " bytes or "
                                + limits.maxEntries()
                                + " files; leave some out");
            }
        }
        return files;
    }

    private static List<Path> walk(Path folder) throws IOException {
        List<Path> paths = new ArrayList<>();
        Files.walkFileTree(
                folder,
                Set.<FileVisitOption>of(),
                MAX_DEPTH,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        paths.add(file);
                        return FileVisitResult.CONTINUE;
                    }
                });
        return paths;
    }

    private static void add(ZipOutputStream zip, String name, Path file) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(TIME);
        entry.setMethod(ZipEntry.STORED);
        CRC32 crc = new CRC32();
        entry.setSize(transfer(file, crc, OutputStream.nullOutputStream()));
        entry.setCompressedSize(entry.getSize());
        entry.setCrc(crc.getValue());
        try {
            zip.putNextEntry(entry);
            transfer(file, new CRC32(), zip);
            zip.closeEntry();
        } catch (ZipException e) {
            throw Refusal.invalid(file + " changed while it was packed; try again");
        }
    }

    private static long transfer(Path file, CRC32 crc, OutputStream out) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int count; (count = in.read(buffer)) >= 0; total += count) {
                crc.update(buffer, 0, count);
                out.write(buffer, 0, count);
            }
        }
        return total;
    }

    static boolean same(Path file, StrictZip.Entry entry) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                || Files.size(file) != entry.bytes()) {
            return false;
        }
        CRC32 crc = new CRC32();
        transfer(file, crc, OutputStream.nullOutputStream());
        return crc.getValue() == entry.crc();
    }
}
