package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.cli.demo.LocalDaemon;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/** The C client and its examples, built into a folder, and the functions that they call. */
final class CPrograms {
    static final Path SOURCES = Path.of("..", "client", "c").toAbsolutePath().normalize();

    private static final long LIMIT_SECONDS = 120;

    private final Path dir;

    CPrograms(Path dir) {
        this.dir = dir;
    }

    static boolean onPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        for (String folder : path.split(File.pathSeparator, -1)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }

    void make(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of("make", "-s", "-C", SOURCES.toString(), "OUT=" + dir.resolve("c")));
        command.addAll(List.of(arguments));
        execute(command);
    }

    Path example(String name) {
        return dir.resolve("c").resolve("examples").resolve(name);
    }

    /** An example with the address and undefined-behaviour sanitizers in it. */
    Path sanitized(String name) {
        return dir.resolve("c").resolve("sanitized").resolve(name);
    }

    void execute(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile(dir, "command", ".log");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                    .as("%s ends", command)
                    .isTrue();
            assertThat(process.exitValue()).as("%s: %s", command, Files.readString(log)).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    /** Pushes {@link #bundle}. */
    void push(Site site) throws IOException, InterruptedException {
        Site.Outcome pushed = site.offcut("function", "push", bundle().toString());
        assertThat(pushed.exitCode()).as("%s", pushed).isZero();
    }

    Path bundleFolder() {
        return dir.resolve("bundle");
    }

    /** Makes the bundle {@code blackscholes}: {@code price}, {@code echo}, {@code once}. */
    Path bundle() throws IOException, InterruptedException {
        Path bundle = Files.createDirectories(bundleFolder());
        Path source = bundle.resolve("functions.c");
        Files.writeString(
                source,
                resource("/io/offcut/cli/demo/black_scholes.c")
                        + """

                        int32_t echo(const void *in, uint32_t size, void *out, uint32_t capacity)
                        {
                            if (size > capacity)
                                return -1;
                            memcpy(out, in, size);
                            return (int32_t)size;
                        }
                        """);
        String library = bundle.resolve("libf.so").toString();
        execute(List.of("cc", "-O2", "-shared", "-fPIC", "-o", library, source.toString(), "-lm"));
        Files.writeString(
                bundle.resolve("offcut.yaml"),
                """
                name: blackscholes
                functions:
                  - {name: price, kind: native, file: libf.so, symbol: price, checked: true, idempotent: true}
                  - {name: echo, kind: native, file: libf.so, symbol: echo, checked: true, idempotent: true}
                  - {name: once, kind: native, file: libf.so, symbol: price, checked: true}
                """);
        return bundle;
    }

    private static String resource(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(LocalDaemon.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
