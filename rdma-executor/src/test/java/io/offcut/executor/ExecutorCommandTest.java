package io.offcut.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.core.function.FunctionKind;
import io.offcut.core.function.FunctionSpec;
import io.offcut.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorCommandTest {
    private static final ExecutorSpec SPEC =
            new ExecutorSpec(
                    "lease ü",
                    3,
                    "/bundle",
                    List.of(
                            new FunctionSpec(
                                    "f",
                                    FunctionKind.NATIVE,
                                    "l.so",
                                    "f",
                                    true,
                                    List.of(),
                                    true,
                                    1000),
                            new FunctionSpec(
                                    "g",
                                    FunctionKind.COMMAND,
                                    "",
                                    "",
                                    false,
                                    List.of("gzip", "-c\n"),
                                    false,
                                    9)),
                    List.of(3, 1, 3),
                    "/dev/shm/x",
                    "/scratch",
                    "/run/control",
                    "10.0.0.1",
                    "10.0.1.1",
                    "secretsecretsecretsecretsecretse",
                    8,
                    4096,
                    -1,
                    5000);

    @TempDir private Path directory;

    @Test
    void readsWhatItWrote() throws IOException {
        Path file = directory.resolve("spec");
        ExecutorCommand.write(file, SPEC);
        assertThat(ExecutorCommand.read(file)).isEqualTo(SPEC);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void refusesAnythingElseAndNeverShowsIt() throws IOException {
        Path good = directory.resolve("good");
        ExecutorCommand.write(good, SPEC);
        byte[] bytes = Files.readAllBytes(good);
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            byte[] bad = bytes.clone();
            Path file = Files.write(directory.resolve("bad"), bad);
            int length = random.nextInt(bad.length);
            Files.write(file, java.util.Arrays.copyOf(bad, length));
            assertThatThrownBy(() -> ExecutorCommand.read(file))
                    .as("seed %d, cut at %d", seed, length)
                    .isInstanceOf(OffcutException.class)
                    .message()
                    .doesNotContain("secretsecret");
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, bad);
            try {
                assertThat(ExecutorCommand.read(file).toString()).doesNotContain(SPEC.secret());
            } catch (OffcutException e) {
                assertThat(e.getMessage()).as("seed %d", seed).doesNotContain("secretsecret");
            }
        }
    }

    @Test
    void theCommandLineHoldsNoSecretAndAHeapThatFits() {
        List<String> line =
                ExecutorCommand.line(
                        new ExecutorCommand.Program(Path.of("/jdk/bin/java"), "/a.jar", null),
                        SPEC,
                        1 << 30);
        assertThat(line).startsWith("/jdk/bin/java").endsWith(ExecutorMain.class.getName());
        assertThat(String.join(" ", line)).contains("-Xmx48m").doesNotContain("secretsecret");
        ExecutorSpec java =
                new ExecutorSpec(
                        "l",
                        1,
                        "/b",
                        List.of(
                                new FunctionSpec(
                                        "j",
                                        FunctionKind.JAVA,
                                        "j.jar",
                                        "J",
                                        false,
                                        List.of(),
                                        true,
                                        1)),
                        List.of(0),
                        "",
                        "",
                        "",
                        "",
                        "",
                        "",
                        1,
                        1,
                        0,
                        0);
        assertThat(ExecutorCommand.heapMib(java, 4L << 30)).isEqualTo(2048);
        assertThat(ExecutorCommand.heapMib(java, 0)).isEqualTo(32);
    }
}
