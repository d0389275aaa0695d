package io.offcut.cli.simulate.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.TestRun;
import io.offcut.cli.ThisProgram;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SweepCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path dir;

    @Test
    void findsThatBackfillingShortensWaits() throws IOException {
        TestRun run =
                sweep("grid", "sample", "--functions", "none", "--vary", "scheduler=fcfs,easy");

        assertThat(run.exitCode()).as(run.err()).isZero();
        JsonNode points = sweepJson("grid").path("points");
        JsonNode fcfs = wait(points.path(0));
        JsonNode easy = wait(points.path(1));
        assertThat(fcfs.path("mean").asDouble()).isGreaterThan(easy.path("mean").asDouble());
        assertThat(fcfs.at("/toFirst/mean").asDouble()).isZero();
        assertThat(easy.at("/toFirst/mean").asDouble()).isNegative();
        JsonNode alone = simulate("sample", "--functions", "none", "--scheduler", "easy");
        assertThat(easy.path("mean").decimalValue())
                .isEqualTo(alone.at("/batch/meanWaitSeconds").decimalValue());
        assertThat(run.out()).contains("fcfs", "easy", "meanWaitSeconds", "More than at point 0");
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void aPointIsTheSimulationWithItsOptionsAndSeed() throws IOException {
        String[] poisson = {"sample", "--functions", "poisson,rate=20"};
        TestRun run =
                sweep(
                        "grid",
                        with(
                                poisson,
                                "--vary",
                                "interference=none,measured",
                                "--replications",
                                "2",
                                "--seed",
                                "9"));

        assertThat(run.exitCode()).as(run.err()).isZero();
        List<String> rows = Files.readAllLines(dir.resolve("grid/sweep.csv"));
        assertThat(rows).hasSize(5);
        assertThat(rows.getFirst()).startsWith("point,replication,seed,interference,batch.jobs,");
        String second = rows.get(2).split(",", -1)[2];
        assertThat(rows.get(4))
                .as("common random numbers")
                .startsWith("1,1," + second + ",measured,2000,");
        JsonNode alone = simulate(with(poisson, "--interference", "measured", "--seed", second));
        JsonNode kept = JSON.readTree(dir.resolve("grid/points/0003/summary.json").toFile());
        assertThat(kept.path("sweep").path("arguments").toString())
                .contains("--interference=measured");
        assertThat(kept.path("functions")).isEqualTo(alone.path("functions"));
        assertThat(kept.path("coreSeconds")).isEqualTo(alone.path("coreSeconds"));
    }

    @Test
    void writesTheSameBytesForAnyNumberOfThreads() throws IOException {
        String[] grid =
                with(
                        new String[] {"sample", "--functions", "poisson,rate=20"},
                        "--vary",
                        "scheduler=fcfs,easy",
                        "--vary",
                        "interference=none,measured",
                        "--replications",
                        "2");

        assertThat(sweep("one", with(grid, "--jobs", "1")).exitCode()).isZero();
        assertThat(sweep("four", with(grid, "--jobs", "4")).exitCode()).isZero();

        Map<String, String> one = contents("one");
        assertThat(one).hasSize(8 + 3).isEqualTo(contents("four"));
        assertThat(sweepJson("one").path("points").path(1).path("dependsOnSeed").asBoolean())
                .isTrue();
        assertThat(
                        sweepJson("one")
                                .path("points")
                                .path(1)
                                .path("figures")
                                .path("coreSeconds.harvested")
                                .path("halfWidth")
                                .asDouble())
                .isPositive();
    }

    @Test
    void saysThatPointsDoNotDependOnTheSeed() throws IOException {
        TestRun run =
                sweep(
                        "grid",
                        "sample",
                        "--functions=none",
                        "--vary",
                        "scheduler=fcfs,easy",
                        "--replications",
                        "2");

        assertThat(run.out()).contains("No point depends on the seed").doesNotContain(" ±");
        assertThat(wait(sweepJson("grid").path("points").path(1)).path("halfWidth").asDouble())
                .isZero();
    }

    @Test
    void goesOnAfterItWasKilled() throws IOException, InterruptedException {
        String[] grid = {
            "sample",
            "--functions=fit",
            "--vary",
            "policy=" + String.join(";", holdOffs(8)),
            "--replications",
            "2",
            "--jobs",
            "1"
        };
        Path killed = dir.resolve("killed");
        Process process = start(killed, grid);
        try {
            await("some runs")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> done(killed).size() >= 2);
        } finally {
            process.destroyForcibly().waitFor();
        }
        Map<Path, FileTime> before = done(killed);
        assertThat(before.size()).as("runs before it was killed").isBetween(2, 15);

        TestRun again = sweep("killed", grid);

        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.err()).contains(before.size() + " of 16 runs done before");
        assertThat(done(killed)).hasSize(16).containsAllEntriesOf(before);
        assertThat(sweep("whole", grid).exitCode()).isZero();
        assertThat(contents("killed")).isEqualTo(contents("whole"));
    }

    private static List<String> holdOffs(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(seconds -> "lease,hold-off=" + seconds + "s")
                .toList();
    }

    @Test
    void moreReplicationsComeBehindThoseThereAre() throws IOException {
        String[] grid = {"sample", "--functions=none", "--vary", "scheduler=fcfs,easy"};
        assertThat(sweep("grid", grid).exitCode()).isZero();
        Map<Path, FileTime> before = done(dir.resolve("grid"));

        TestRun more = sweep("grid", with(grid, "--replications", "2"));

        assertThat(more.err()).contains("2 of 4 runs done before");
        assertThat(done(dir.resolve("grid"))).hasSize(4).containsAllEntriesOf(before);
    }

    @Test
    void refusesResultsOfOtherOptionsOrAnotherLog() throws IOException {
        Path log = dir.resolve("two.swf");
        Files.writeString(log, "; MaxProcs: 4\n1 0 0 1000 2\n");
        String[] grid = {
            log.toString(),
            "--cores-per-node=4",
            "--functions=fit",
            "--vary",
            "interference=measured,none"
        };
        assertThat(sweep("grid", grid).exitCode()).isZero();

        assertRefused(sweep("grid", with(grid, "--scheduler=fcfs")), "--scheduler=fcfs");
        assertRefused(sweep("grid", with(grid, "--vary", "scheduler=fcfs,easy")), "--vary");
        assertRefused(sweep("grid", with(grid, "--seed", "2")), "--seed 1, not 2");
        Files.writeString(log, "; MaxProcs: 4\n1 0 0 2000 2\n");
        assertRefused(sweep("grid", grid), "another content of " + log);

        TestRun fresh = sweep("grid", with(grid, "--fresh"));
        assertThat(fresh.exitCode()).as(fresh.err()).isZero();
        JsonNode second = JSON.readTree(dir.resolve("grid/points/0001/summary.json").toFile());
        assertThat(second.at("/coreSeconds/spanSeconds").asInt()).isEqualTo(2000);
    }

    @Test
    void refusesResultsOfAnotherLogThatAScenarioNames() throws IOException {
        Path log = dir.resolve("my.swf");
        Path scenario = dir.resolve("site.yaml");
        Files.writeString(scenario, "logs: [" + log + "]\nscheduler: easy\n");
        for (String[] grid :
                new String[][] {
                    {"--scenario", scenario.toString()},
                    {"--functions=none", "--vary=scenario=" + scenario}
                }) {
            Files.writeString(log, "; MaxProcs: 4\n1 0 0 10 2\n");
            assertThat(sweep("grid", with(grid, "--fresh")).exitCode()).isZero();
            Files.writeString(log, "; MaxProcs: 4\n1 0 0 20 2\n");
            assertRefused(sweep("grid", grid), "another content of " + log);
        }
    }

    private static void assertRefused(TestRun run, String difference) {
        assertThat(run.exitCode()).isEqualTo(8);
        assertThat(run.err())
                .hasLineCount(1)
                .contains(difference)
                .contains("use another --out, or --fresh to start anew");
    }

    @Test
    void aRunThatFailsIsNamedAndTheOthersAreDone() throws IOException {
        // The sample has no recorded schedule.
        TestRun run =
                sweep(
                        "grid",
                        "sample",
                        "--functions=none",
                        "--vary",
                        "scheduler=recorded,fcfs,easy");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .contains("1 of 3 runs failed, the first: run 0000 (--scheduler=recorded, ")
                .contains("try the scheduler easy");
        assertThat(done(dir.resolve("grid"))).hasSize(2);
    }

    @Test
    void refusesAWrongCommandLineBeforeTheFirstRun() throws IOException {
        assertUsage(
                sweep("grid", "sample", "--vary", "worker=1,2"), "Unknown option: '--worker=1'");
        assertUsage(
                sweep("grid", "sample", "--vary", "shceduler=easy"), "did you mean '--scheduler'?");
        assertUsage(
                sweep("grid", "sample", "--vary", "row-seconds=1,x"), "'x' is not a whole number");
        assertUsage(sweep("grid", "sample", "--wokers=2"), "--wokers=2");
        assertUsage(sweep("grid", "sample", "--vary", "scheduler=easy,esy"), "not 'esy'");
        assertUsage(sweep("grid", "sample", "--vary", "functions=fit;fti"), "fti");
        assertUsage(
                sweep("grid", "sample", "--vary", "procs=5,0"),
                "--procs is from 1 to 2147483647; not 0");
        assertUsage(sweep("grid", "sample", "--figures", "x", "--functions=none"), "--figures");
        assertThat(sweep("grid", dir.resolve("none.swf").toString()).err()).contains("no job log");
        assertThat(dir.resolve("grid")).as("the folder of nothing").doesNotExist();
        assertUsage(sweep("grid"), "no log is given");
        assertUsage(sweep("grid", "sample", "--replications", "0"), "--replications");
        assertUsage(sweep("grid", "sample", "--partition", "p"), "--slurm");
        assertThat(dir.resolve("grid")).as("the folder of nothing").doesNotExist();
    }

    @Test
    void resultsOfOtherCommandsAreNotInOneFolder() throws IOException {
        String single = dir.resolve("single").toString();
        simulate("sample", "--functions=none", "--out", single);
        TestRun refused = sweep("single", "sample", "--functions=none", "--fresh");
        assertThat(refused.exitCode()).isEqualTo(8);
        assertThat(refused.err())
                .hasLineCount(1)
                .contains(single + " holds the result of 'offcut simulate': use another --out");
        assertThat(sweep("grid", "sample", "--functions=none").exitCode()).isZero();

        TestRun into = TestRun.of("simulate", "sample", "--out", dir.resolve("grid").toString());

        assertThat(into.exitCode()).isEqualTo(8);
        assertThat(into.err()).contains("holds the result of 'offcut simulate sweep'");
        assertThat(dir.resolve("single/points")).doesNotExist();
        assertThat(dir.resolve("grid/summary.json")).doesNotExist();
    }

    @Test
    void aWrongCommandLineWithFreshLeavesWhatIsThere() throws IOException {
        assertThat(sweep("grid", "sample", "--functions=none").exitCode()).isZero();
        Map<String, String> before = contents("grid");

        assertUsage(sweep("grid", "sample", "--fresh", "--figures=batch.x"), "no run has batch.x");
        assertUsage(sweep("grid", "sample", "--fresh", "--procs=0"), "--procs");

        assertThat(contents("grid")).isEqualTo(before);
    }

    @Test
    void headsOfColumnsTellFiguresApart() {
        TestRun run =
                sweep(
                        "grid",
                        "sample",
                        "--vary=scheduler=fcfs,easy",
                        "--figures",
                        "harvestable.unallocated.coreShare,harvestable.underused.coreShare,"
                                + "batch.meanWaitSeconds");

        assertThat(run.out())
                .contains("unallocated.coreShare  underused.coreShare  meanWaitSeconds");
    }

    private static void assertUsage(TestRun run, String why) {
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(why);
        assertThat(run.out()).isEmpty();
    }

    private TestRun sweep(String folder, String... arguments) {
        List<String> line = new ArrayList<>(List.of("simulate", "sweep"));
        line.addAll(List.of(arguments));
        line.addAll(List.of("--out", dir.resolve(folder).toString()));
        return TestRun.of(line.toArray(String[]::new));
    }

    private static JsonNode simulate(String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of("simulate"));
        line.addAll(List.of(arguments));
        line.add("--format=json");
        return JSON.readTree(TestRun.of(line.toArray(String[]::new)).out());
    }

    private Process start(Path out, String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of("simulate", "sweep"));
        line.addAll(List.of(arguments));
        line.addAll(List.of("--out", out.toString()));
        return new ProcessBuilder(ThisProgram.command(List.of("-XX:TieredStopAtLevel=1"), line))
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("output").toFile())
                .redirectInput(new File("/dev/null"))
                .start();
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    private JsonNode sweepJson(String folder) throws IOException {
        return JSON.readTree(dir.resolve(folder).resolve("sweep.json").toFile());
    }

    private static JsonNode wait(JsonNode point) {
        return point.path("figures").path("batch.meanWaitSeconds");
    }

    /** When each run's result was written. */
    private static Map<Path, FileTime> done(Path folder) throws IOException {
        Map<Path, FileTime> times = new TreeMap<>();
        if (Files.isDirectory(folder.resolve("points"))) {
            try (Stream<Path> files = Files.walk(folder.resolve("points"))) {
                for (Path file : files.filter(path -> path.endsWith("summary.json")).toList()) {
                    times.put(file, Files.getLastModifiedTime(file));
                }
            }
        }
        return times;
    }

    private Map<String, String> contents(String folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        Path root = dir.resolve(folder);
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("lock")) {
                    contents.put(
                            root.relativize(file).toString(),
                            Files.readString(file, StandardCharsets.UTF_8));
                }
            }
        }
        return contents;
    }
}
