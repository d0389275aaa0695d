package io.offcut.benchmarks.invoke;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The bundles that the benchmarks call, unpacked. */
public final class BenchBundles {
    private BenchBundles() {}

    /** One with native functions. Compiles them, in this folder. */
    public static Path ofNative(Path dir) throws IOException, InterruptedException {
        Path bundle = Files.createDirectories(dir.resolve("native"));
        copy("offcut.yaml", bundle.resolve("offcut.yaml"));
        compile(copy("bench.c", dir.resolve("bench.c")), bundle.resolve("libbench.so"));
        return bundle;
    }

    /** Makes a shared library of one source. */
    public static void compile(Path source, Path library) throws IOException, InterruptedException {
        compile("-shared", source, library);
    }

    /** Makes a program of one source. */
    public static void compileProgram(Path source, Path program)
            throws IOException, InterruptedException {
        compile("-pie", source, program);
    }

    private static void compile(String kind, Path source, Path result)
            throws IOException, InterruptedException {
        List<String> command =
                List.of(
                        "cc",
                        "-O2",
                        kind,
                        "-fPIC",
                        "-o",
                        result.toString(),
                        source.toString(),
                        "-lm");
        Process compiler;
        try {
            compiler = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench: no C compiler: install one (Debian: apt-get install gcc libc6-dev)",
                    e);
        }
        if (!compiler.waitFor(60, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
            compiler.destroyForcibly();
            throw new OffcutException(ErrorCode.INTERNAL, "bench: its function does not compile");
        }
    }

    /** One with a Java function. */
    public static Path ofJava(Path dir) throws IOException {
        Path bundle = Files.createDirectories(dir.resolve("java"));
        copy("java-offcut.yaml", bundle.resolve("offcut.yaml"));
        Path classes = bundle.resolve("classes/io/offcut/benchmarks/invoke");
        copy(
                "EmptyFunction.class",
                Files.createDirectories(classes).resolve("EmptyFunction.class"));
        return bundle;
    }

    static Path copy(String resource, Path to) throws IOException {
        return copy(BenchBundles.class, resource, to);
    }

    /** Writes a file that lies beside this class. */
    public static Path copy(Class<?> beside, String resource, Path to) throws IOException {
        try (InputStream in = beside.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is missing");
            }
            Files.write(to, in.readAllBytes());
            return to;
        }
    }
}
