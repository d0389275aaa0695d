package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.offcut.endtoend.GuestSuite.Outcome;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Tests that run on another kernel, which has control groups of version 2 alone. */
final class GuestTest {
    private static final Path RUN = Path.of("guest/run").toAbsolutePath();
    private static final Path TESTS_OF_LINUX =
            Path.of("../linux/target/test-classes").toAbsolutePath().normalize();
    private static final int CANNOT = 69;

    /** To compile and to verify classes costs more in the guest than it saves in so short a run. */
    private static final String JAVA_OPTIONS =
            "JAVA_TOOL_OPTIONS=-Xint -XX:+UnlockDiagnosticVMOptions"
                    + " -XX:-BytecodeVerificationRemote -XX:+UseSerialGC -XX:-UsePerfData"
                    + " -XX:ErrorFile=/dev/stderr";

    private static final Duration LIMIT = Duration.ofMinutes(8);

    @TempDir Path dir;

    /** The guest, or why this machine cannot have it, as it says itself. */
    private void needsTheGuest() throws Exception {
        try (Program prepare = Program.start(dir, Map.of(), List.of(RUN.toString(), "--prepare"))) {
            int exitCode = prepare.await(LIMIT);
            String said = prepare.said();
            assumeFalse(
                    exitCode == CANNOT,
                    () ->
                            said.strip()
                                    .lines()
                                    .reduce((a, b) -> b)
                                    .orElse("")
                                    .replaceFirst("^guest: ", ""));
            assertThat(exitCode).as(said).isZero();
        }
    }

    private Program start(String... arguments) throws Exception {
        List<String> command =
                Stream.concat(
                                Stream.of(RUN.toString(), "--timeout", "450"),
                                Arrays.stream(arguments))
                        .toList();
        return Program.start(dir, Map.of("JAVA_HOME", System.getProperty("java.home")), command);
    }

    @TestFactory
    List<DynamicTest> onVersionTwoAlone() throws Exception {
        needsTheGuest();
        assumeTrue(
                Files.isDirectory(TESTS_OF_LINUX),
                "needs the compiled tests of linux: build with -am");
        Path results = Files.createDirectory(dir.resolve("results"));
        Path outcomes = results.resolve("outcomes");
        try (Program guest =
                start(
                        "--results",
                        results.toString(),
                        "env",
                        JAVA_OPTIONS,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path") + File.pathSeparator + TESTS_OF_LINUX,
                        GuestSuite.class.getName(),
                        outcomes.toString(),
                        VersionTwoInGuest.class.getName(),
                        "io.offcut.linux.CgroupLiveTest")) {
            assertThat(guest.await(LIMIT)).as(guest.said()).isZero();
            List<Outcome> all = Outcome.readAll(outcomes);
            // Those that compare with version 1 have nothing to do there.
            assertThat(all.stream().filter(one -> one.result().equals(Outcome.PASSED)).count())
                    .as(guest.said())
                    .isGreaterThanOrEqualTo(10);
            String said = guest.said();
            return all.stream()
                    .map(one -> dynamicTest(one.test(), () -> assertPassed(one, said)))
                    .toList();
        }
    }

    private static void assertPassed(Outcome outcome, String said) {
        // What compares with version 1 has nothing to do there, and says so.
        assumeFalse(
                outcome.result().equals("ABORTED") && outcome.reason().contains("version 1"),
                outcome.reason());
        assertThat(outcome.result())
                .as("%s: %s%n%s", outcome.test(), outcome.reason(), said)
                .isEqualTo(Outcome.PASSED);
    }
}
