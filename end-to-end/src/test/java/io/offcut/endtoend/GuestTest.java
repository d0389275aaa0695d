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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that run on another kernel, which has control groups of version 2 alone and, when wanted,
 * an RDMA device.
 */
final class GuestTest {
    private static final Path RUN = Path.of("guest/run").toAbsolutePath();
    private static final Path TESTS_OF_LINUX = testsOf("linux");
    private static final Path TESTS_OF_EXECUTOR = testsOf("rdma-executor");
    private static final int CANNOT = 69;

    /** To compile and to verify classes costs more in the guest than it saves in so short a run. */
    private static final String JAVA_OPTIONS =
            "JAVA_TOOL_OPTIONS=-Xint -XX:+UnlockDiagnosticVMOptions"
                    + " -XX:-BytecodeVerificationRemote -XX:+UseSerialGC -XX:-UsePerfData"
                    + " -XX:ErrorFile=/dev/stderr";

    /** Tests that call again and again are worth compiling for, and count what is allocated. */
    private static final String COMPILING_JAVA_OPTIONS =
            JAVA_OPTIONS.replace("-Xint", "-XX:TieredStopAtLevel=1");

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

    private static Path testsOf(String module) {
        return Path.of("../" + module + "/target/test-classes").toAbsolutePath().normalize();
    }

    @TestFactory
    List<DynamicTest> onVersionTwoAlone() throws Exception {
        return run(
                List.of("env", JAVA_OPTIONS),
                List.of(),
                TESTS_OF_LINUX,
                10,
                VersionTwoInGuest.class.getName(),
                "io.offcut.linux.CgroupLiveTest");
    }

    /** DiSNI's API on our provider, what the transport costs and bears, and all of it together. */
    @TestFactory
    List<DynamicTest> overRdma() throws Exception {
        String programs = CClientInGuest.prepare(Files.createDirectory(dir.resolve("c-client")));
        return overRdma(
                List.of(programs),
                40,
                "io.offcut.executor.internal.rdma.DisniInGuest",
                "io.offcut.executor.VerbsFaultsInGuest",
                "io.offcut.executor.VerbsCountInGuest",
                RdmaInGuest.class.getName());
    }

    @TestFactory
    List<DynamicTest> theContractOfChannelsOverRdma() throws Exception {
        return overRdma(List.of(), 50, "io.offcut.executor.VerbsChannelInGuest");
    }

    /** And a device that goes, after all that need it. */
    @TestFactory
    List<DynamicTest> memoryOverRdma() throws Exception {
        return overRdma(
                List.of(),
                25,
                "io.offcut.executor.VerbsMemoryInGuest",
                "io.offcut.executor.DeviceGoneInGuest");
    }

    private List<DynamicTest> overRdma(List<String> variables, int atLeast, String... tests)
            throws Exception {
        List<String> prefix =
                new ArrayList<>(
                        List.of("prlimit", "--memlock=unlimited", "env", COMPILING_JAVA_OPTIONS));
        prefix.addAll(variables);
        return run(prefix, List.of("--rdma"), TESTS_OF_EXECUTOR, atLeast, tests);
    }

    private List<DynamicTest> run(
            List<String> prefix,
            List<String> options,
            Path testsOfModule,
            int atLeast,
            String... tests)
            throws Exception {
        needsTheGuest();
        assumeTrue(
                Files.isDirectory(testsOfModule),
                "needs the compiled tests of the other modules: build with -am");
        Path results = Files.createDirectory(dir.resolve("results"));
        Path outcomes = results.resolve("outcomes");
        List<String> arguments = new ArrayList<>(options);
        arguments.addAll(List.of("--results", results.toString()));
        arguments.addAll(prefix);
        arguments.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path") + File.pathSeparator + testsOfModule,
                        GuestSuite.class.getName(),
                        outcomes.toString()));
        arguments.addAll(List.of(tests));
        try (Program guest = start(arguments.toArray(String[]::new))) {
            assertThat(guest.await(LIMIT)).as(guest.said()).isZero();
            List<Outcome> all = Outcome.readAll(outcomes);
            assertThat(all.stream().filter(one -> one.result().equals(Outcome.PASSED)).count())
                    .as(guest.said())
                    .isGreaterThanOrEqualTo(atLeast);
            String said = guest.said();
            return all.stream()
                    .map(one -> dynamicTest(one.test(), () -> assertPassed(one, said)))
                    .toList();
        }
    }

    private static void assertPassed(Outcome outcome, String said) {
        // What compares with version 1, or needs more memory, has nothing to do there, and says so.
        assumeFalse(
                outcome.result().equals("ABORTED")
                        && outcome.reason()
                                .matches(".*(version 1|GiB of free memory|C compiler).*"),
                outcome.reason());
        assertThat(outcome.result())
                .as("%s: %s%n%s", outcome.test(), outcome.reason(), said)
                .isEqualTo(Outcome.PASSED);
    }
}
