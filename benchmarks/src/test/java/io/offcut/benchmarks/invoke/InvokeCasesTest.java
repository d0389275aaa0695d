package io.offcut.benchmarks.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.benchmarks.invoke.CaseResult.Client;
import io.offcut.cli.Io;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Terminal;
import io.offcut.client.config.ConfigLoader;
import io.offcut.linux.CpuAffinity;
import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One round of a few calls of each case, with real daemons: what comes out, not how fast. */
class InvokeCasesTest {
    private static final List<String> CALLS =
            List.of(
                    "shm hot, native",
                    "shm hot, java",
                    "shm hot, depth 16",
                    "shm 1 MiB in, 8 B out",
                    "tcp hot",
                    "tcp 1 MiB echo",
                    "shm warm",
                    "shm open, a tenth",
                    "shm open, half",
                    "tcp open, a tenth",
                    "tcp open, half");
    private static final List<String> OF_BOTH =
            Stream.concat(CALLS.stream(), PlannerCases.JOBS.stream().map(PlannerCases.Job::name))
                    .toList();
    private static final List<String> OF_JAVA =
            Stream.concat(
                            OF_BOTH.stream(),
                            Stream.of("cold, nothing pre-warmed", "executor resident"))
                    .toList();
    private static final Effort LITTLE = new Effort(1, 1_000);
    private static final int LIMIT_SECONDS = 240;

    static boolean onPath(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** In a thread of its own, which is pinned. */
    private static List<CaseResult> measure(Client client, List<String> cases) throws Exception {
        assumeTrue(CpuAffinity.current().size() >= 2, "needs two CPUs");
        assumeTrue(
                onPath("cc") && onPath("make") && onPath("chrt"),
                "needs a C compiler (Debian: gcc libc6-dev make util-linux)");
        Io io =
                new Io(
                        InputStream.nullInputStream(),
                        System.out,
                        System.err,
                        Terminal.detect(Map.of()),
                        ConfigLoader.system());
        FutureTask<List<CaseResult>> measured =
                new FutureTask<>(() -> InvokeCommand.measure(client, null, LITTLE, cases, io));
        Thread.ofPlatform().daemon().name("bench").start(measured);
        return measured.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    private static void assertMeasured(CaseResult result, Client client) {
        assertThat(result.client()).isEqualTo(client);
        if (!result.mode().equals("open")) {
            assertThat(result.bound()).isNotBlank();
            assertThat(result.kept()).isNotNull();
        }
        if (result.rate() != null) {
            assertThat(result.rate()).isPositive();
        }
        if (result.rate() == null || Set.of("bulk", "open").contains(result.mode())) {
            assertThat(result.p50Nanos()).isPositive().isLessThanOrEqualTo(result.p99Nanos());
            assertThat(result.p99Nanos()).isLessThanOrEqualTo(result.p999Nanos());
            assertThat(result.rawP50Nanos()).isPositive().isLessThanOrEqualTo(result.rawP99Nanos());
        }
    }

    private static void assertMeasured(List<CaseResult> results, Client client) {
        assertThat(results).allSatisfy(result -> assertMeasured(result, client));
        List<CaseResult> calls = results.subList(0, CALLS.size());
        assertThat(calls)
                .allSatisfy(result ->
                        assertThat(result.toRaw()).isCloseTo(ratio(result), within(1e-9)));
        assertThat(calls)
                .extracting(CaseResult::payloadBytes)
                .containsExactly(64, 64, 64, 1 << 20, 64, 1 << 20, 64, 64, 64, 64, 64);
    }

    private static double ratio(CaseResult result) {
        return result.rawRate() == null
                ? (double) result.p50() / result.rawP50()
                : Objects.requireNonNull(result.rate()) / result.rawRate();
    }

    @Test
    void theJavaClientMakesEveryKindOfCall() throws Exception {
        List<CaseResult> results = measure(Client.JAVA, OF_JAVA);

        assertThat(results).extracting(CaseResult::name).containsExactlyElementsOf(OF_JAVA);
        assertMeasured(results, Client.JAVA);
    }

    @Test
    void theCClientDoesTheSame() throws Exception {
        List<CaseResult> results = measure(Client.C, List.of());

        assertThat(results).extracting(CaseResult::name).containsExactlyElementsOf(OF_BOTH);
        assertMeasured(results, Client.C);
        JsonNode first = new ObjectMapper().readTree(JsonOut.text(results.getFirst()));
        assertThat(first.path("client").asText()).isEqualTo("c");
        assertThat(first.path("transport").asText()).isEqualTo("shm");
        assertThat(first.path("mode").asText()).isEqualTo("hot");
        assertThat(first.fieldNames())
                .toIterable()
                .contains(
                        "case",
                        "payload_bytes",
                        "p50_ns",
                        "p99_ns",
                        "p999_ns",
                        "raw_p50_ns",
                        "ratio");
    }
}
