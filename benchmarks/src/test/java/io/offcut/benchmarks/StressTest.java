package io.offcut.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jcstress.Main;

/** A few seconds of {@code offcut bench stress}, in one virtual machine for each test of it. */
class StressTest {
    @Test
    @Timeout(120)
    void noWakeUpIsLost(@TempDir Path dir) throws Exception {
        Path log = dir.resolve("jcstress.log");
        Process jcstress =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Main.class.getName(),
                                "-t",
                                "SleepStress",
                                "-m",
                                "quick",
                                "-sc",
                                "false",
                                "-jvmArgs",
                                "-XX:+UseSerialGC")
                        .directory(dir.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            assertThat(jcstress.waitFor(100, TimeUnit.SECONDS)).isTrue();
        } finally {
            jcstress.destroyForcibly();
        }
        String said = Files.readString(log);
        assertThat(jcstress.exitValue()).as(said).isZero();
        // It also ends well when it ran nothing.
        assertThat(said).contains("4 passed, 0 failed");
    }
}
