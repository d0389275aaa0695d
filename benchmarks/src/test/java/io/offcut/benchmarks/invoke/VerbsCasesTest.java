package io.offcut.benchmarks.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.executor.RdmaDevices;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls by RDMA, on a machine without a device and on one with soft-RoCE. */
class VerbsCasesTest {
    private static final Path GUEST = Path.of("../end-to-end/guest/run").toAbsolutePath();
    private static final int CANNOT = 69;

    /** To verify classes costs more in the guest than it saves in so short a run. */
    private static final String JAVA_OPTIONS =
            "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UnlockDiagnosticVMOptions"
                    + " -XX:-BytecodeVerificationRemote -XX:+UseSerialGC -XX:-UsePerfData";

    private static final int LIMIT_SECONDS = 450;

    @TempDir Path dir;

    @Test
    void saysInOneLineThatThereIsNoDevice() {
        assumeFalse(RdmaDevices.any(), "this machine has an RDMA device");
        assertThatThrownBy(VerbsCases::deviceAddress)
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND);
                            assertThat(e.getMessage())
                                    .hasLineCount(1)
                                    .contains("--transport verbs", "no RDMA device", "run it on");
                        });
    }

    /** What comes out there, for both clients; how fast says nothing. */
    @Test
    void everyCallIsMadeOverSoftRoce() throws Exception {
        assumeTrue(
                InvokeCasesTest.onPath("cc") && InvokeCasesTest.onPath("make"),
                "needs a C compiler (Debian: gcc libc6-dev make)");
        prepareTheGuest();
        Path programs = CProgram.build(Files.createDirectory(dir.resolve("programs")));
        Path functions = BenchBundles.ofNative(dir);
        Path results = Files.createDirectory(dir.resolve("results"));
        List<String> command =
                List.of(
                        "--timeout",
                        Integer.toString(LIMIT_SECONDS),
                        "--rdma",
                        "--results",
                        results.toString(),
                        "prlimit",
                        "--memlock=unlimited",
                        "env",
                        JAVA_OPTIONS,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        VerbsCasesInGuest.class.getName(),
                        programs.toString(),
                        functions.toString(),
                        results.resolve("cases.json").toString());
        assertThat(run(command)).as("%s", said()).isZero();

        JsonNode cases = new ObjectMapper().readTree(results.resolve("cases.json").toFile());
        List<String> seen = new ArrayList<>();
        for (JsonNode one : cases) {
            seen.add(one.path("client").asText() + ": " + one.path("case").asText());
            assertThat(one.path("transport").asText()).isEqualTo("verbs");
            String figure = one.path("mode").asText().equals("pipelined") ? "per_second" : "p50_ns";
            assertThat(one.path(figure).asDouble()).as("%s", one).isPositive();
            assertThat(one.path("raw_" + figure).asDouble()).as("%s", one).isPositive();
        }
        assertThat(seen)
                .containsExactly(
                        "java: verbs hot",
                        "java: verbs hot, depth 16",
                        "java: verbs 1 MiB echo",
                        "java: verbs warm",
                        "c: verbs hot",
                        "c: verbs hot, depth 16",
                        "c: verbs 1 MiB echo",
                        "c: verbs warm");
        assertThat(said()).contains("CASE", "RAW P50", "ns over raw");
    }

    private void prepareTheGuest() throws Exception {
        int exitCode = run(List.of("--prepare"));
        assumeTrue(
                exitCode != CANNOT,
                () -> said().lines().reduce((a, b) -> b).orElse("").replaceFirst("^guest: ", ""));
        assertThat(exitCode).as("%s", said()).isZero();
    }

    private int run(List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(GUEST.toString()));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(output().toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process guest = builder.start();
        try {
            assertThat(guest.waitFor(LIMIT_SECONDS + 60, TimeUnit.SECONDS)).isTrue();
            return guest.exitValue();
        } finally {
            guest.destroy();
        }
    }

    private Path output() {
        return dir.resolve("said");
    }

    private String said() {
        try {
            return Files.readString(output());
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }
}
