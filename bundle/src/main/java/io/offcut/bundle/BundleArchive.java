package io.offcut.bundle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.function.BundleManifest;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The archive of a function bundle: a zip file with the manifest {@value #MANIFEST} at its root.
 *
 * <p>Packing the same files gives the same bytes on every machine: entries are sorted, stored
 * without compression (what a compressor emits depends on its version) and dated 1980. Owner and
 * mode are not kept. Instead a rule says which unpacked files are executable: those that begin as
 * an ELF file or with {@code #!}, and the programs that commands of the manifest name.
 *
 * <p>All methods are stateless, block on the disk and may be called by any thread.
 */
public final class BundleArchive {
    /** Name of the manifest. */
    public static final String MANIFEST = "offcut.yaml";

    private static final byte[] ELF_MAGIC = {0x7F, 'E', 'L', 'F'};

    private BundleArchive() {}

    /**
     * A packed and verified bundle.
     *
     * @param file the archive
     * @param sha256 its name, 64 lower-case hexadecimal digits
     */
    public record Packed(Path file, String sha256, BundleManifest manifest, long archiveBytes) {}

    /**
     * Packs a folder with a manifest, or takes a ready zip file as it is, and verifies the result.
     *
     * @param folderOrZip where the bundle lies; links inside are refused
     * @param target where the archive is written; replaced if it exists, removed on failure
     * @throws OffcutException if the bundle is not a good one, with what to change
     */
    public static Packed pack(Path folderOrZip, Path target, BundleLimits limits) {
        try {
            if (Files.isDirectory(folderOrZip)) {
                FolderPacker.pack(folderOrZip, target, limits);
            } else {
                copyZip(folderOrZip, target, limits);
            }
            BundleManifest manifest = verify(target, limits);
            return new Packed(target, BundleHash.of(target), manifest, Files.size(target));
        } catch (IOException e) {
            deleteQuietly(target);
            throw Refusal.io("cannot pack " + folderOrZip, target, e);
        } catch (RuntimeException e) {
            deleteQuietly(target);
            throw e;
        }
    }

    private static void copyZip(Path zip, Path target, BundleLimits limits) throws IOException {
        if (!Files.isRegularFile(zip)) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "there is no bundle at "
                            + zip
                            + "; name a folder with "
                            + MANIFEST
                            + " or a zip");
        }
        if (Files.size(zip) > limits.maxArchiveBytes()) {
            throw Refusal.tooLarge(
                    "bundle "
                            + zip
                            + " has "
                            + Files.size(zip)
                            + " bytes; the limit is "
                            + limits.maxArchiveBytes());
        }
        Files.copy(zip, target, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Checks an archive completely: structure, names, limits, every byte against its checksum, the
     * manifest, and that the files it names are there.
     *
     * @return what the bundle says of itself
     * @throws OffcutException {@code INVALID_INPUT} or {@code TOO_LARGE}, in one line
     */
    public static BundleManifest verify(Path zip, BundleLimits limits) {
        try (StrictZip archive = StrictZip.open(zip, limits)) {
            BundleManifest manifest = manifest(archive, limits);
            checkFiles(archive, manifest);
            for (StrictZip.Entry entry : archive.entries()) {
                archive.copy(entry, OutputStream.nullOutputStream());
            }
            return manifest;
        } catch (IOException e) {
            throw Refusal.io("cannot read the bundle", zip, e);
        }
    }

    /**
     * Unpacks a verified archive into a new or empty folder and writes it through to the disk.
     * Files are read-only, executable by the rule above; folders are open to all readers.
     */
    public static void unpack(Path zip, Path folder, BundleLimits limits) {
        try (StrictZip archive = StrictZip.open(zip, limits)) {
            Set<String> programs = programs(manifest(archive, limits));
            Files.createDirectories(folder);
            for (StrictZip.Entry entry : archive.entries()) {
                Path target = folder.resolve(entry.name());
                if (entry.isFolder()) {
                    Files.createDirectories(target);
                } else {
                    Files.createDirectories(Optional.ofNullable(target.getParent()).orElse(folder));
                    unpackFile(archive, entry, target, programs.contains(entry.name()));
                }
            }
        } catch (IOException e) {
            throw Refusal.io("cannot unpack the bundle", folder, e);
        }
    }

    /**
     * The path inside the bundle of the program that a command function runs; empty for a program
     * of the system, and for other kinds. A program lies in the bundle when its path has a slash
     * and is relative.
     */
    public static Optional<String> bundledProgram(FunctionSpec function) {
        if (function.kind() != FunctionKind.COMMAND) {
            return Optional.empty();
        }
        String program = function.command().getFirst();
        if (program.startsWith("/") || program.indexOf('/') < 0) {
            return Optional.empty();
        }
        return Optional.of(program.startsWith("./") ? program.substring(2) : program);
    }

    /** Whether a folder holds exactly the files of the archive, by size and checksum. */
    static boolean matches(Path zip, Path folder, BundleLimits limits) throws IOException {
        try (StrictZip archive = StrictZip.open(zip, limits)) {
            for (StrictZip.Entry entry : archive.entries()) {
                if (!entry.isFolder() && !FolderPacker.same(folder.resolve(entry.name()), entry)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static BundleManifest manifest(StrictZip archive, BundleLimits limits)
            throws IOException {
        for (StrictZip.Entry entry : archive.entries()) {
            if (entry.name().equals(MANIFEST)) {
                if (entry.bytes() > limits.maxManifestBytes()) {
                    throw Refusal.tooLarge(
                            MANIFEST
                                    + " has "
                                    + entry.bytes()
                                    + " bytes; the limit is "
                                    + limits.maxManifestBytes());
                }
                return ManifestReader.read(archive.bytes(entry));
            }
        }
        throw Refusal.invalid(
                "the bundle has no " + MANIFEST + " at its root; add one that lists its functions");
    }

    private static void checkFiles(StrictZip archive, BundleManifest manifest) {
        Set<String> files = new HashSet<>();
        Set<String> folders = new HashSet<>();
        for (StrictZip.Entry entry : archive.entries()) {
            String name = entry.name();
            if (!entry.isFolder()) {
                files.add(name);
            }
            for (int i = name.indexOf('/'); i >= 0; i = name.indexOf('/', i + 1)) {
                folders.add(name.substring(0, i));
            }
        }
        for (FunctionSpec function : manifest.functions()) {
            String file = bundledProgram(function).orElse(function.file());
            boolean folderWillDo = function.kind() == FunctionKind.JAVA;
            if (!file.isEmpty()
                    && !files.contains(file)
                    && !(folderWillDo && folders.contains(file))) {
                throw Refusal.invalid(
                        MANIFEST
                                + ", function "
                                + function.name()
                                + ": "
                                + Refusal.quoted(file)
                                + " is not in the bundle; add it or correct the path");
            }
        }
    }

    private static Set<String> programs(BundleManifest manifest) {
        Set<String> programs = new HashSet<>();
        manifest.functions().forEach(f -> bundledProgram(f).ifPresent(programs::add));
        return programs;
    }

    private static void unpackFile(
            StrictZip archive, StrictZip.Entry entry, Path target, boolean program)
            throws IOException {
        try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
            archive.copy(entry, out);
        }
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        boolean executable = program || startsAsProgram(target);
        Files.setPosixFilePermissions(
                target, PosixFilePermissions.fromString(executable ? "r-xr-xr-x" : "r--r--r--"));
    }

    private static boolean startsAsProgram(Path file) throws IOException {
        byte[] head = new byte[ELF_MAGIC.length];
        int count;
        try (var in = Files.newInputStream(file)) {
            count = in.readNBytes(head, 0, head.length);
        }
        boolean script = count >= 2 && head[0] == '#' && head[1] == '!';
        return script || Arrays.equals(head, ELF_MAGIC);
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The refusal that led here matters more than what is left over.
        }
    }
}
