package io.offcut.benchmarks.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.Io;
import io.offcut.cli.output.Terminal;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.CpuAffinity;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One round of a few operations of each case, with real daemons: what comes out, not how fast. */
class MemoryCasesTest {
    private static final Effort LITTLE = new Effort(1, 1_000);
    private static final int LIMIT_SECONDS = 240;
    private static final Path GUEST = Path.of("../end-to-end/guest/run").toAbsolutePath();
    private static final int CANNOT = 69;

    @TempDir Path dir;

    /** The cases of a transport. */
    private static List<String> cases(String transport) {
        String many = transport.equals(ChannelDescriptor.SHM) ? ", 100 times" : "";
        return Stream.of(
                        "read 8 B" + many,
                        "write 8 B" + many,
                        "read 1 MiB",
                        "write 1 MiB",
                        "fetch and add 8 B" + many)
                .map(name -> transport + " " + name)
                .toList();
    }

    /** In a thread of its own, which is pinned. */
    private static List<CaseResult> measure(List<String> transports) throws Exception {
        FutureTask<List<CaseResult>> measured =
                new FutureTask<>(() -> MemoryCommand.measure(transports, LITTLE));
        Thread.ofPlatform().daemon().name("bench").start(measured);
        return measured.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    private static Io io(ByteArrayOutputStream out) {
        return new Io(
                InputStream.nullInputStream(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                System.err,
                Terminal.detect(Map.of()),
                ConfigLoader.system());
    }

    private static String printed(InvokeCommand.Format format, List<CaseResult> results) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        InvokeCommand.print(io(out), format, 1, results);
        return out.toString(StandardCharsets.UTF_8);
    }

    /** Every case beside its bare one, in what is printed too. */
    static void assertMeasured(String transport, List<CaseResult> results) throws Exception {
        assertThat(results)
                .extracting(CaseResult::name)
                .containsExactlyElementsOf(cases(transport));
        String table = printed(InvokeCommand.Format.TABLE, results);
        JsonNode json = new ObjectMapper().readTree(printed(InvokeCommand.Format.JSON, results));
        assertThat(json.path("cases")).hasSize(results.size());
        assertThat(table.lines().filter(line -> line.startsWith(transport + " ")))
                .hasSize(results.size());
        for (int i = 0; i < results.size(); i++) {
            CaseResult result = results.get(i);
            assertThat(result.transport()).isEqualTo(transport);
            assertThat(result.p50Nanos()).isPositive().isLessThanOrEqualTo(result.p99Nanos());
            assertThat(result.rawP50Nanos()).isPositive().isLessThanOrEqualTo(result.rawP99Nanos());
            boolean bulk = result.name().contains("MiB");
            double ratio = (double) result.p50() / result.rawP50();
            assertThat(result.toRaw()).isCloseTo(bulk ? 1 / ratio : ratio, within(1e-9));
            assertThat(table).contains(result.name());
            JsonNode row = json.path("cases").get(i);
            assertThat(row.path("case").asText()).isEqualTo(result.name());
            assertThat(row.path("p50_ns").asLong()).isEqualTo(result.p50());
            assertThat(row.path("raw_p50_ns").asLong()).isEqualTo(result.rawP50());
            assertThat(row.has("per_second") && row.has("raw_per_second")).isEqualTo(bulk);
        }
    }

    @Test
    void everyOperationIsMeasuredBesideItsBareOne() throws Exception {
        assumeTrue(CpuAffinity.current().size() >= 2, "needs two CPUs");
        assumeTrue(InvokeCasesTest.onPath("cc"), "needs a C compiler (Debian: gcc libc6-dev make)");
        List<CaseResult> results = measure(List.of(ChannelDescriptor.SHM, ChannelDescriptor.TCP));

        assertMeasured(ChannelDescriptor.SHM, results.subList(0, results.size() / 2));
        assertMeasured(ChannelDescriptor.TCP, results.subList(results.size() / 2, results.size()));
    }

    @Test
    void soIsEveryOperationOverSoftRoce() throws Exception {
        Path said = dir.resolve("said");
        assumeTrue(
                guest(said, "--prepare") != CANNOT,
                () -> lastLine(said).replaceFirst("^guest: ", ""));
        int exitCode =
                guest(
                        said,
                        "--timeout",
                        Integer.toString(LIMIT_SECONDS),
                        "--rdma",
                        "prlimit",
                        "--memlock=unlimited",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        VerbsMemoryCasesInGuest.class.getName());
        assertThat(exitCode).as("%s", Files.readString(said)).isZero();
    }

    private static String lastLine(Path said) {
        try {
            return Files.readAllLines(said).getLast();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static int guest(Path said, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(GUEST.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(said.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process guest = builder.start();
        try {
            assertThat(guest.waitFor(LIMIT_SECONDS + 60, TimeUnit.SECONDS)).isTrue();
            return guest.exitValue();
        } finally {
            guest.destroy();
        }
    }

    @Test
    void saysInOneLineThatThereIsNoDevice() {
        assumeFalse(RdmaDevices.any(), "this machine has an RDMA device");
        MemoryCommand command = new MemoryCommand(io(new ByteArrayOutputStream()));
        command.transport = ChannelDescriptor.VERBS;
        assertThatThrownBy(command::call)
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND);
                            assertThat(e.getMessage())
                                    .hasLineCount(1)
                                    .contains("--transport verbs", "no RDMA device", "run it on");
                        });
    }

    @Test
    void refusesATransportThatIsNone() {
        MemoryCommand command = new MemoryCommand(io(new ByteArrayOutputStream()));
        command.transport = "rdma";
        assertThatThrownBy(command::call)
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("use shm, verbs or tcp");
    }
}
