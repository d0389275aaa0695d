package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.executor.RdmaDevices;
import io.offcut.linux.MemInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The C client against real daemons: its examples check every result by its content. */
final class CClientTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long NODE_BYTES = 8L << 30;

    /** Input and result, on both sides of a socket, and as much again. */
    private static final long FOR_A_GIBIBYTE_BYTES = 8L << 30;

    private static final Pattern PRICED =
            Pattern.compile("(\\d+) options priced (\\d+) times, (\\d+) wrong, (\\d+) retries");

    @TempDir static Path dir;

    private static CPrograms programs;
    private static Site site;

    @BeforeAll
    static void buildAndStart() throws Exception {
        assumeTrue(
                CPrograms.onPath("make") && CPrograms.onPath("cc"),
                "the C client needs make and a C compiler (Debian: gcc libc6-dev make)");
        programs = new CPrograms(dir);
        programs.make("all", "sanitized");
        site = new Site(dir, "site");
        site.startScheduler();
        site.startNode("a", Map.of("memoryBytes", NODE_BYTES));
        programs.push(site);
    }

    @AfterAll
    static void stop() {
        if (site != null) {
            site.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void pricesAreRight(String transport) throws Exception {
        Site.Outcome outcome =
                run(Map.of("OFFCUT_TRANSPORTS", transport), "price", "-n", "20000", "-w", "2");
        assertThat(outcome.exitCode()).as("%s", outcome).isZero();
        assertThat(outcome.out()).startsWith("20000 options priced 1 times, 0 wrong");
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void pricesAreRightWhereverAPlannerHasThemComputed(String transport) throws Exception {
        try (Site.Run offload =
                start(
                        Map.of("OFFCUT_TRANSPORTS", transport),
                        programs.sanitized("offload"),
                        "-n",
                        "400",
                        "-w",
                        "2")) {
            Site.Outcome outcome = offload.outcome(PATIENCE);
            assertThat(outcome.exitCode()).as("%s", outcome).isZero();
            assertThat(outcome.out()).startsWith("400 tasks in ").contains(", 0 prices wrong");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void everyNumberComesBackOnceThroughSlots(String transport) throws Exception {
        Site.Outcome outcome =
                run(
                        Map.of("OFFCUT_TRANSPORTS", transport),
                        "slots",
                        "-n",
                        "50000",
                        "blackscholes/echo");
        assertThat(outcome.exitCode()).as("%s", outcome).isZero();
        assertThat(outcome.out()).contains("50000 numbers over " + transport, "sum 1249975000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void aGibibyteCrossesBothWays(String transport) throws Exception {
        assumeTrue(
                MemInfo.read(Path.of("/proc")).availableBytes() >= FOR_A_GIBIBYTE_BYTES,
                "needs 8 GiB of free memory");
        assumeTrue(
                Path.of("/dev/shm").toFile().getUsableSpace() >= FOR_A_GIBIBYTE_BYTES / 2,
                "needs 4 GiB in /dev/shm");
        Site.Outcome outcome =
                run(
                        Map.of("OFFCUT_TRANSPORTS", transport),
                        "slots",
                        "-n",
                        "1",
                        "-b",
                        Integer.toString(1 << 30),
                        "blackscholes/echo");
        assertThat(outcome.exitCode()).as("%s", outcome).isZero();
        assertThat(outcome.out()).contains("1 numbers over " + transport);
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "tcp"})
    void resultsStayRightWhenExecutorsAreKilled(String transport) throws Exception {
        try (Site.Run price =
                start(
                        Map.of("OFFCUT_TRANSPORTS", transport),
                        programs.sanitized("price"),
                        "-s",
                        "6",
                        "-n",
                        "20000",
                        "-w",
                        "2")) {
            awaitFirstRound(price);
            kill(executorPids());
            Site.Outcome outcome = price.outcome(PATIENCE);
            assertThat(outcome.exitCode()).as("%s", outcome).isZero();
            Matcher priced = PRICED.matcher(outcome.out());
            assertThat(priced.find()).as(outcome.out()).isTrue();
            assertThat(priced.group(3)).as("wrong prices").isEqualTo("0");
            assertThat(Long.parseLong(priced.group(4))).as("retries").isPositive();
        }
    }

    @Test
    void invocationsGoOnWithoutAScheduler() throws Exception {
        try (Site.Run price =
                start(Map.of(), programs.sanitized("price"), "-s", "5", "-n", "20000")) {
            awaitFirstRound(price);
            site.daemon("scheduler").kill();
            Site.Outcome outcome = price.outcome(PATIENCE);
            assertThat(outcome.exitCode()).as("%s", outcome).isZero();
            Matcher priced = PRICED.matcher(outcome.out());
            assertThat(priced.find()).as(outcome.out()).isTrue();
            assertThat(Integer.parseInt(priced.group(2))).as("rounds").isGreaterThan(1);
            assertThat(priced.group(3)).as("wrong prices").isEqualTo("0");
        } finally {
            site.startScheduler();
        }
    }

    @Test
    void whatRunsOnlyOnceIsReportedWhenItsExecutorIsKilled() throws Exception {
        try (Site.Run price = start(Map.of(), "price", "-s", "20", "blackscholes/once")) {
            awaitFirstRound(price);
            kill(executorPids());
            Site.Outcome outcome = price.outcome(PATIENCE);
            assertThat(outcome.exitCode()).as("%s", outcome).isEqualTo(1);
            assertThat(outcome.err()).contains("CRASHED after 1 attempts");
        }
    }

    @Test
    void saysInOneLineWhatIsWrong() throws Exception {
        Site.Outcome missing = run(Map.of(), "price", "blackscholes/nothing");
        assertThat(missing.exitCode()).isEqualTo(5);
        assertThat(missing.err().lines())
                .singleElement()
                .asString()
                .contains("blackscholes/nothing", "not on the scheduler");

        Site.Outcome nobody = run(Map.of("OFFCUT_SCHEDULER_URL", "http://127.0.0.1:1"), "price");
        assertThat(nobody.exitCode()).isEqualTo(3);
        assertThat(nobody.err().lines()).singleElement().asString().contains("cannot be reached");
    }

    @Test
    void whoAllowsNothingButRdmaHearsWhyItCannotBe() throws Exception {
        Map<String, String> verbs = Map.of("OFFCUT_TRANSPORTS", "verbs");
        CPrograms without = new CPrograms(Files.createDirectory(dir.resolve("without")));
        without.make("VERBS=no", "all");
        try (Site.Run run = start(verbs, without.example("slots"), "blackscholes/echo")) {
            Site.Outcome outcome = run.outcome(PATIENCE);
            assertThat(outcome.exitCode()).as("%s", outcome).isEqualTo(2);
            assertThat(outcome.err().lines())
                    .singleElement()
                    .asString()
                    .contains("transport verbs: this library was built without it; build");
        }
        assumeFalse(RdmaDevices.any(), "this machine has an RDMA device");
        Site.Outcome outcome = run(verbs, "slots", "blackscholes/echo");
        assertThat(outcome.exitCode()).as("%s", outcome).isEqualTo(2);
        assertThat(outcome.err().lines())
                .singleElement()
                .asString()
                .containsPattern("transport verbs: .*, or use tcp");
    }

    @Test
    void aFortranProgramPricesToo() throws Exception {
        assumeTrue(CPrograms.onPath("gfortran"), "needs gfortran (Debian: gfortran)");
        programs.make("fortran");
        Site.Outcome outcome = run(Map.of(), "price_fortran");
        assertThat(outcome.exitCode()).as("%s", outcome).isZero();
        assertThat(outcome.out()).contains("1000 options, 0 wrong");
    }

    @Test
    void anInstalledLibraryIsFoundByPkgConfig() throws Exception {
        Path root = dir.resolve("root");
        programs.make("install", "PREFIX=/usr", "DESTDIR=" + root);
        assertThat(root.resolve("usr/include/offcut.h")).isNotEmptyFile();
        assertThat(root.resolve("usr/share/man/man3/offcut.3")).isNotEmptyFile();
        Path program = dir.resolve("price-shared");
        programs.execute(
                List.of(
                        "cc",
                        "-I" + root.resolve("usr/include"),
                        "-o",
                        program.toString(),
                        CPrograms.SOURCES.resolve("examples/price.c").toString(),
                        "-L" + root.resolve("usr/lib"),
                        "-loffcut",
                        "-lm"));
        Map<String, String> environment =
                Map.of("LD_LIBRARY_PATH", root.resolve("usr/lib").toString());
        try (Site.Run price = start(environment, program)) {
            assertThat(price.outcome(PATIENCE).out()).contains(" 0 wrong");
        }
        if (CPrograms.onPath("pkg-config")) {
            Path files = root.resolve("usr/lib/pkgconfig");
            programs.execute(
                    List.of(
                            "env",
                            "PKG_CONFIG_PATH=" + files,
                            "pkg-config",
                            "--exists",
                            "offcut >= 0.1"));
        }
    }

    // --- executors

    private static void awaitFirstRound(Site.Run price) {
        await("invocations")
                .atMost(PATIENCE)
                .until(() ->
                        Files.readString(price.out()).contains("first round done")
                                || !price.process().isAlive());
        assertThat(price.process().isAlive()).as("it prices for some seconds").isTrue();
    }

    private static List<Long> executorPids() throws IOException {
        List<Long> pids = new ArrayList<>();
        for (JsonNode lease : Site.nodeStatus(site.daemon("a")).path("leases")) {
            if (lease.path("pid").asLong() > 0) {
                pids.add(lease.path("pid").asLong());
            }
        }
        return pids;
    }

    private static void kill(List<Long> pids) {
        pids.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }

    // --- programs

    private static Site.Outcome run(
            Map<String, String> environment, String example, String... arguments) throws Exception {
        try (Site.Run run = start(environment, example, arguments)) {
            return run.outcome(PATIENCE);
        }
    }

    private static Site.Run start(
            Map<String, String> environment, String example, String... arguments)
            throws IOException {
        return start(environment, programs.example(example), arguments);
    }

    private static Site.Run start(
            Map<String, String> environment, Path program, String... arguments) throws IOException {
        Map<String, String> all = new HashMap<>(site.environment());
        all.putAll(environment);
        return site.start(program, all, List.of(arguments));
    }
}
