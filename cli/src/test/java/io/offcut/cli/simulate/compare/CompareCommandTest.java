package io.offcut.cli.simulate.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.TestRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int JOBS = 2_000;

    @TempDir private static Path dir;

    private static String fcfs;
    private static String easy;

    @BeforeAll
    static void simulateBoth() {
        fcfs = simulate("fcfs", "sample", "--scheduler", "fcfs");
        easy = simulate("easy", "sample", "--scheduler", "easy");
    }

    @Test
    void aResultDoesNotDifferFromItself() throws IOException {
        JsonNode same = compare(easy, easy);

        assertThat(same.path("settings")).isEmpty();
        assertThat(same.path("figures"))
                .isNotEmpty()
                .allSatisfy(figure -> {
                    assertThat(figure.path("difference").asDouble(-1))
                            .as(figure.toString())
                            .isZero();
                    assertThat(figure.path("percent").asDouble(-1)).as(figure.toString()).isZero();
                });
        JsonNode jobs = same.path("jobs");
        assertThat(jobs.path("same").asInt()).isEqualTo(JOBS);
        assertThat(jobs.path("earlier").asInt() + jobs.path("later").asInt()).isZero();
        assertThat(jobs.path("largest")).isEmpty();
        assertThat(jobs.at("/waitSeconds/mean").asDouble(-1)).isZero();
        assertThat(jobs.at("/waitSeconds/halfWidth").asDouble(-1)).isZero();
    }

    @Test
    void theMeanOfTheJobsIsTheDifferenceOfTheMeans() throws IOException {
        JsonNode better = compare(fcfs, easy);

        assertThat(better.at("/settings/batchSystem.scheduler").toString())
                .isEqualTo("[\"FCFS\",\"EASY\"]");
        JsonNode jobs = better.path("jobs");
        assertThat(jobs.path("both").asInt()).isEqualTo(JOBS);
        assertThat(
                        jobs.path("earlier").asInt()
                                + jobs.path("same").asInt()
                                + jobs.path("later").asInt())
                .isEqualTo(JOBS);
        assertThat(jobs.path("earlier").asInt()).isGreaterThan(jobs.path("later").asInt());
        double difference = figure(better, "batch.meanWaitSeconds").path("difference").asDouble();
        assertThat(difference).isNegative();
        assertThat(jobs.at("/waitSeconds/mean").asDouble()).isCloseTo(difference, within(1e-5));
        assertThat(jobs.at("/waitSeconds/halfWidth").asDouble()).isPositive();
        assertThat(jobs.path("largest")).hasSize(5);
    }

    @Test
    void bothDirectionsAreOpposite() throws IOException {
        JsonNode there = compare(fcfs, easy).path("jobs");
        JsonNode back = compare(easy, fcfs).path("jobs");

        assertThat(back.path("earlier")).isEqualTo(there.path("later"));
        assertThat(back.at("/waitSeconds/mean").asDouble())
                .isEqualTo(-there.at("/waitSeconds/mean").asDouble());
        assertThat(back.at("/waitSeconds/halfWidth")).isEqualTo(there.at("/waitSeconds/halfWidth"));
    }

    @Test
    void printsATableWithNamesThatCanBeGivenBack() {
        TestRun run = run(fcfs, easy);

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("2000 jobs in both", "Waits that differ most")
                .contains("batch.meanWaitSeconds ", "distributions.boundedSlowdown.greatest ");
        assertThat(run.out().lines().filter(line -> line.startsWith("harvestable.")))
                .as("figures are whole, however wide that is")
                .noneMatch(line -> line.contains("…"))
                .anyMatch(line -> line.length() > 80);
    }

    @Test
    void refusesResultsOfDifferentLogs() throws IOException {
        Path log = dir.resolve("two.swf");
        Files.writeString(log, "; MaxProcs: 256\n1 0 0 1000 2\n2 1 0 10 2\n");
        String other = simulate("other", log.toString());

        TestRun refused = run(easy, other);
        assertThat(refused.exitCode()).isEqualTo(8);
        assertThat(refused.err()).hasLineCount(1).contains("different logs", "--force");
        assertThat(run(easy, other, "--force").exitCode()).isZero();
    }

    @Test
    void failsWhenAFigureIsWorseByMoreThanAllowed() {
        String wait = "batch.meanWaitSeconds:";
        assertThat(run(fcfs, easy, "--fail-on-worse", wait + "+5").exitCode()).isZero();
        assertThat(run(easy, easy, "--fail-on-worse", wait + "+0").exitCode()).isZero();
        TestRun worse = run(easy, fcfs, "--fail-on-worse", wait + "+5");
        assertThat(worse.exitCode()).isEqualTo(1);
        assertThat(worse.err()).contains("batch.meanWaitSeconds rose by ", ": more than 5 %");
        assertThat(run(fcfs, easy, "--fail-on-worse", wait + "-5").exitCode()).isEqualTo(1);
        assertThat(run(easy, easy, "--fail-on-worse", wait + "5").exitCode()).isEqualTo(2);
        TestRun unknown = run(easy, easy, "--fail-on-worse", "batch.x:+5");
        assertThat(unknown.exitCode()).isEqualTo(2);
        assertThat(unknown.err()).contains("no result has batch.x: names are paths");
        assertThat(run(easy, easy, "--fail-on-worse", "meanWait:+5").err())
                .contains("did you mean batch.meanWaitSeconds?");
        assertThat(run(easy, easy, "--fail-on-worse", "batch.maenWaitSeconds:+5").err())
                .contains("did you mean batch.meanWaitSeconds?");
    }

    @Test
    void writesBothWaitsOfEachJob() throws IOException {
        Path file = dir.resolve("waits.csv");
        assertThat(run(fcfs, easy, "--jobs-out", file.toString()).exitCode()).isZero();

        List<String> lines = Files.readAllLines(file);
        assertThat(lines).hasSize(JOBS + 1).startsWith("job,submit,wait_a,wait_b,difference");
        assertThat(lines.subList(1, lines.size()))
                .allSatisfy(line -> {
                    String[] cells = line.split(",", -1);
                    assertThat(Long.parseLong(cells[4]))
                            .isEqualTo(Long.parseLong(cells[3]) - Long.parseLong(cells[2]));
                });
    }

    private static String simulate(String folder, String... arguments) {
        String out = dir.resolve(folder).toString();
        List<String> line = new ArrayList<>(List.of("simulate", "--functions=none", "--out", out));
        line.addAll(List.of(arguments));
        TestRun run = TestRun.of(line.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return out;
    }

    private static TestRun run(String... arguments) {
        List<String> line = new ArrayList<>(List.of("simulate", "compare"));
        line.addAll(List.of(arguments));
        return TestRun.of(line.toArray(String[]::new));
    }

    private static JsonNode compare(String a, String b) throws IOException {
        TestRun run = run(a, b, "--format", "json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }

    private static JsonNode figure(JsonNode comparison, String name) {
        for (JsonNode figure : comparison.path("figures")) {
            if (figure.path("figure").asText().equals(name)) {
                return figure;
            }
        }
        throw new AssertionError("no figure " + name);
    }

    @Test
    void showsPeopleWhatDiffers() {
        TestRun run = run(fcfs, easy);

        assertThat(run.out())
                .contains("batch.meanWaitSeconds", "figures are the same in both")
                .doesNotContain("batch.jobs ", "run.commandLine");
    }

    @Test
    void pairsPoliciesByTheirName() throws IOException {
        Path samples = dir.resolve("idle.csv");
        assertThat(
                        TestRun.of(
                                        "trace",
                                        "generate",
                                        "idle",
                                        "--duration=1h",
                                        "--out",
                                        samples + "")
                                .exitCode())
                .isZero();
        String both = simulateIdle("both", samples, "greedy-pilot,lease");
        String lease = simulateIdle("lease", samples, "lease");

        JsonNode figures = compare(both, lease).path("figures");

        assertThat(figures)
                .filteredOn(figure -> figure.path("figure").asText().startsWith("policies.lease."))
                .isNotEmpty()
                .allSatisfy(figure -> assertThat(figure.path("difference").asDouble(-1)).isZero());
        TestRun text = TestRun.of("simulate", "compare", both, lease);
        assertThat(text.err()).as("idle nodes have no jobs").isEmpty();
    }

    @Test
    void refusesAResultOfJobsBesideOneOfIdleNodes() {
        Path samples = dir.resolve("hour.csv");
        TestRun.of("trace", "generate", "idle", "--duration=1h", "--out", samples + "");
        String idle = simulateIdle("hour", samples, "lease");

        TestRun run = run(fcfs, idle, "--force");

        assertThat(run.exitCode()).isEqualTo(8);
        assertThat(run.err())
                .hasLineCount(1)
                .contains(
                        idle
                                + " is a result of 'simulate idle' and "
                                + fcfs
                                + " one of 'simulate'");
    }

    @Test
    void refusesResultsOfOtherSamples() {
        Path samples = dir.resolve("one.csv");
        Path others = dir.resolve("other.csv");
        TestRun.of("trace", "generate", "idle", "--duration=1h", "--out", samples + "");
        TestRun.of("trace", "generate", "idle", "--duration=2h", "--out", others + "");

        TestRun run =
                TestRun.of(
                        "simulate",
                        "compare",
                        simulateIdle("samples", samples, "lease"),
                        simulateIdle("others", others, "lease"));

        assertThat(run.exitCode()).isEqualTo(8);
        assertThat(run.err()).contains("results of different samples");
    }

    private static String simulateIdle(String name, Path samples, String policies) {
        String out = dir.resolve(name).toString();
        TestRun run =
                TestRun.of("simulate", "idle", samples + "", "--policy", policies, "--out", out);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return out;
    }
}
