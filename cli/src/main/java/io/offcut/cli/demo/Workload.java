package io.offcut.cli.demo;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/** What the demonstration computes: the bundle with its two functions, and files to compress. */
final class Workload {
    private static final int MAX_FILES = 400;
    private static final long MAX_FILE_BYTES = 512 << 10;
    private static final Set<String> NOT_SOURCE = Set.of(".git", "target", "node_modules");

    private Workload() {}

    /** Writes the demo's bundle into a folder: its manifest, and its library, compiled here. */
    static Path bundle(Path dir) throws IOException, InterruptedException {
        Files.createDirectories(dir);
        copyResource("offcut.yaml", dir.resolve("offcut.yaml"));
        Path source = copyResource("black_scholes.c", dir.resolveSibling("black_scholes.c"));
        Path log = dir.resolveSibling("cc.log");
        Process compiler;
        try {
            compiler =
                    new ProcessBuilder(
                                    "cc",
                                    "-O2",
                                    "-shared",
                                    "-fPIC",
                                    "-o",
                                    dir.resolve("libblackscholes.so").toString(),
                                    source.toString(),
                                    "-lm")
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "demo: no C compiler for its native function: install one (Debian: apt-get install gcc libc6-dev)",
                    e);
        }
        if (!compiler.waitFor(60, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
            compiler.destroyForcibly();
            throw new OffcutException(
                    ErrorCode.INTERNAL, "demo: its native function does not compile: see " + log);
        }
        return dir;
    }

    private static Path copyResource(String name, Path to) throws IOException {
        try (InputStream in = Workload.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(
                        "resource " + name + " is missing from the program");
            }
            Files.write(to, in.readAllBytes());
            return to;
        }
    }

    /**
     * Files of this installation, or of the repository it was built from: something real to
     * compress.
     */
    static List<byte[]> files(Path root) throws IOException {
        List<byte[]> contents = new ArrayList<>();
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path dir, BasicFileAttributes attributes) {
                        Path name = dir.getFileName();
                        return name != null && NOT_SOURCE.contains(name.toString())
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        if (attributes.isRegularFile()
                                && attributes.size() <= MAX_FILE_BYTES
                                && Files.isReadable(file)) {
                            contents.add(Files.readAllBytes(file));
                        }
                        return contents.size() < MAX_FILES
                                ? FileVisitResult.CONTINUE
                                : FileVisitResult.TERMINATE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException failure) {
                        return FileVisitResult.CONTINUE;
                    }
                });
        if (contents.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "demo: no file to compress under " + root);
        }
        return contents;
    }

    /** Whether decompressing gives the original. */
    static boolean decompressesTo(byte[] compressed, byte[] original) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(original.length);
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
            byte[] buffer = new byte[8192];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (out.size() + count > original.length) {
                    return false;
                }
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            return false;
        }
        return Arrays.equals(out.toByteArray(), original);
    }
}
