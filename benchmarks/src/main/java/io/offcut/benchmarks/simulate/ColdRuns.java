package io.offcut.benchmarks.simulate;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** Programs that start, run and end, in processes of their own. Blocks until they have ended. */
final class ColdRuns {
    private static final long LONGEST_SECONDS = 600;

    /** As the command {@code offcut} starts Java for a simulation. */
    private static final List<String> FLAGS = List.of("-XX:+UseSerialGC", "-XX:+TieredCompilation");

    private final Path home;
    private final Path folder;

    /**
     * @param home the source tree, built
     * @param folder for what is made, which exists
     */
    ColdRuns(Path home, Path folder) {
        this.home = home;
        this.folder = folder;
    }

    /** What a process printed, and how long it took. */
    record Ended(double seconds, String output) {}

    /** Our command, installed as a site has it: the launcher beside the libraries. */
    Ended offcut(List<String> arguments) throws IOException, InterruptedException {
        Path launcher = folder.resolve("bin/offcut");
        if (!Files.exists(launcher)) {
            Files.createDirectories(launcher.getParent());
            Files.copy(home.resolve("offcut"), launcher);
            Files.createSymbolicLink(folder.resolve("lib"), home.resolve("cli/target/lib"));
        }
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(arguments);
        return run(command);
    }

    /** A program of the benchmarks. */
    Ended java(Class<?> main, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(FLAGS);
        command.addAll(flags);
        command.addAll(
                List.of(
                        "-cp",
                        Objects.requireNonNull(System.getProperty("java.class.path")),
                        main.getName()));
        command.addAll(arguments);
        return run(command);
    }

    /** The same without the libraries on its class path, which the least program does not need. */
    Ended alone(Class<?> main, List<String> arguments) throws IOException, InterruptedException {
        String file = main.getName().replace('.', '/') + ".class";
        Path copy = folder.resolve("alone").resolve(file);
        if (!Files.exists(copy)) {
            Files.createDirectories(copy.getParent());
            try (InputStream in = main.getResourceAsStream("/" + file)) {
                Files.write(copy, Objects.requireNonNull(in, file).readAllBytes());
            }
        }
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(FLAGS);
        command.addAll(List.of("-cp", folder.resolve("alone").toString(), main.getName()));
        command.addAll(arguments);
        return run(command);
    }

    private Ended run(List<String> command) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        long from = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        boolean over = process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS);
        double seconds = (System.nanoTime() - from) / 1e9;
        if (!over) {
            process.destroyForcibly();
        }
        String printed = Files.readString(output, StandardCharsets.UTF_8);
        if (!over || process.exitValue() != 0) {
            throw new OffcutException(
                    ErrorCode.INTERNAL,
                    String.join(" ", command)
                            + (over ? ": failed: " : ": has not ended: ")
                            + printed.strip());
        }
        return new Ended(seconds, printed.strip());
    }
}
