package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.cli.ThisProgram;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sweeps of simulations as job arrays of a real Slurm. */
final class SweepTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final List<String> GRID =
            List.of(
                    "sample",
                    "--functions",
                    "poisson,rate=20",
                    "--vary",
                    "interference=none,measured",
                    "--replications",
                    "2");
    private static final int RUNS = 4;

    @TempDir static Path dir;

    private static SlurmCluster cluster;

    @BeforeAll
    static void startCluster() {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        cluster = SlurmCluster.start(SlurmClusterConfig.fakeNodes(2, 1, 4_000));
    }

    @AfterAll
    static void stopCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void tasksFindWhatThreadsFind() throws Exception {
        Path here = dir.resolve("here");
        Path there = dir.resolve("there");
        try (Program threads = sweep(here, GRID)) {
            assertThat(threads.await(PATIENCE)).as(threads.said()).isZero();
        }
        try (Program tasks = sweep(there, GRID, "--slurm", "--partition", "batch", "--time", "5")) {
            assertThat(tasks.await(PATIENCE)).as(tasks.said()).isZero();
            assertThat(tasks.said()).contains(RUNS + " tasks", "harvestedShareOfIdle");
        }
        for (String file : List.of("sweep.csv", "sweep.json", "points/0003/summary.json")) {
            assertThat(there.resolve(file)).hasSameTextualContentAs(here.resolve(file));
        }
        assertThat(arrays(there)).as("arrays").hasSize(1);
    }

    @Test
    void aKilledSubmitterIsTakenUpAgain() throws Exception {
        Path out = dir.resolve("killed");
        try (Program first = sweep(out, GRID, "--slurm", "--jobs", "1")) {
            await("the first run").atMost(PATIENCE).until(() -> done(out) >= 1);
            first.process().destroyForcibly().waitFor();
        }
        long before = done(out);
        assertThat(before).isLessThan(RUNS);

        try (Program second = sweep(out, GRID, "--slurm", "--jobs", "1")) {
            assertThat(second.await(PATIENCE)).as(second.said()).isZero();
            assertThat(second.said()).contains("runs done before", "taking up job");
        }
        assertThat(done(out)).isEqualTo(RUNS);
        assertThat(arrays(out)).as("arrays").hasSize(1);
    }

    @Test
    void aTaskThatFailsIsNamedWithItsLog() throws Exception {
        Path out = dir.resolve("failed");
        // The sample has no recorded schedule.
        List<String> grid =
                List.of("sample", "--functions=none", "--vary", "scheduler=easy,recorded");
        try (Program sweep = sweep(out, grid, "--slurm")) {
            assertThat(sweep.await(PATIENCE)).as(sweep.said()).isEqualTo(1);
            String said = sweep.said().lines().toList().getLast();
            assertThat(said)
                    .contains("1 of 2 runs failed, the first: run 0001 (--scheduler=recorded, ")
                    .contains("try the scheduler easy");
            Path log = Path.of(said.replaceAll(".*\\(log: ([^)]*)\\).*", "$1"));
            assertThat(log).content().contains("try the scheduler easy");
        }
        assertThat(done(out)).isEqualTo(1);
    }

    private static Program sweep(Path out, List<String> grid, String... more) throws IOException {
        List<String> line = new ArrayList<>(List.of("simulate", "sweep"));
        line.addAll(grid);
        line.addAll(List.of(more));
        line.addAll(List.of("--out", out.toString()));
        return Program.start(
                dir,
                Map.of("SLURM_CONF", cluster.slurmConf().toString()),
                ThisProgram.command(List.of("-XX:TieredStopAtLevel=1"), line));
    }

    private static long done(Path out) throws IOException {
        Path points = out.resolve("points");
        if (!Files.isDirectory(points)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(points)) {
            return files.filter(file -> file.endsWith("summary.json")).count();
        }
    }

    /** Numbers of the arrays whose tasks left logs. */
    private static Set<String> arrays(Path out) throws IOException {
        try (Stream<Path> logs = Files.list(out.resolve("slurm"))) {
            return logs.map(log -> log.getFileName().toString())
                    .filter(name -> name.endsWith(".log"))
                    .map(name -> name.replaceFirst("_.*", ""))
                    .collect(Collectors.toSet());
        }
    }
}
