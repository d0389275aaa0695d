package io.offcut.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.trace.TraceCommand;
import io.offcut.core.OffcutException;
import io.offcut.testing.SharedData;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code offcut simulate idle} and {@code offcut trace idle}. */
class IdleCommandsTest {
    @TempDir Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private String samples = "";

    @BeforeEach
    void record() throws IOException {
        StringBuilder rows = new StringBuilder("unix_seconds,node,state\n");
        for (int time = 0; time < 1000; time += 10) {
            rows.append(time).append(",,\n");
            rows.append(time).append(time % 300 < 200 ? ",a,idle\n" : ",a,alloc\n");
        }
        Path file = folder.resolve("idle.csv");
        Files.writeString(file, rows);
        samples = file.toString();
    }

    @Test
    void printsPoliciesSideBySideAndWritesTheSamples() throws IOException {
        assertThat(
                        simulate(
                                "idle",
                                samples,
                                "--lengths",
                                "1m,2m",
                                "--warmup",
                                "10s",
                                "--out",
                                folder.resolve("results").toString()))
                .isZero();

        assertThat(out.toString())
                .contains("100 samples in 0.3 h; 0.70 idle nodes at a time")
                .containsPattern("of idle node-time +greedy-pilot +lease\n")
                .containsPattern("\nready +75.71 % +98.[0-9]+ %\n")
                .containsPattern("\npilots or leases +7 +4\n")
                .contains("short of the ideal")
                .doesNotContain("recorded");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
        assertThat(folder.resolve("results/summary.json")).isNotEmptyFile();
        assertThat(Files.readAllLines(folder.resolve("results/idle.csv")))
                .hasSize(101)
                .startsWith(
                        "unix_seconds,idle,pilots,ready_greedy_pilot,ready_lease",
                        "0,1,0,0,0",
                        "10,1,0,1,1");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void printsOnePolicyAsJson() throws IOException {
        assertThat(
                        simulate(
                                "idle",
                                samples,
                                "--policy",
                                "lease",
                                "--start-up",
                                "pre-warmed",
                                "--format",
                                "json"))
                .isZero();

        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/policies").size()).isEqualTo(1);
        assertThat(json.at("/policies/0/policy").asText()).isEqualTo("lease");
        assertThat(json.at("/policies/0/model/startUpMillis").asInt()).isEqualTo(15);
        assertThat(json.at("/policies/0/readings/held/readyShare").asDouble())
                .isEqualTo(json.at("/policies/0/readyShare").asDouble())
                .isEqualTo(687_940 / 700_000.0);
        assertThat(json.at("/record/samples").asInt()).isEqualTo(100);
    }

    @Test
    void countsTimesOfPilotsInSamples() throws IOException {
        assertThat(
                        simulate(
                                "idle",
                                samples,
                                "--policy",
                                "greedy-pilot",
                                "--period",
                                "1m",
                                "--lengths",
                                "2m",
                                "--warmup",
                                "0s",
                                "--format",
                                "json"))
                .isZero();

        JsonNode model = new ObjectMapper().readTree(out.toString()).at("/policies/0/model");
        assertThat(model.at("/lengthSamples/0").asInt()).isEqualTo(2);
        assertThat(model.at("/warmUpSamples").asInt()).isZero();
    }

    @Test
    void saysWhatARecordHolds() throws IOException {
        Files.writeString(Path.of(samples), "1x,a,idle\n", StandardOpenOption.APPEND);

        assertThat(trace("idle", samples)).isZero();

        assertThat(out.toString())
                .containsPattern("idle nodes +mean 0.70, median 1, 0 to 1\n")
                .containsPattern("  p50 +200 s\n")
                .containsPattern(" 5 min +100.0 % █+ +100.0 % █+\n");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
        assertThat(err.toString())
                .contains("1 complaint, ")
                .contains("line 202: not a number: 1x,a,idle");
    }

    @Test
    void printsWhatIsKnownOfPizDaint() throws IOException {
        String file = SharedData.require("idle/daint_utilization_sorted.csv.gz").toString();

        assertThat(trace("idle", file)).isZero();
        assertThat(out.toString())
                .contains("mean 6.646, median 3.455, 0.233 to 36.270, p95 24.17\n")
                .contains("mean 409.5, median 252.0, 13.0 to 3084.0\n")
                .contains("mean 80.55, median 81.84, ")
                .containsPattern("above 75 +10,261 samples\n")
                .containsPattern("in allocated nodes +mean 75\\.26");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);

        out.getBuffer().setLength(0);
        assertThat(trace("idle", file, "--format", "json")).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/samplesWithIdleCpuPercentAbove/25").asInt()).isEqualTo(517);
        assertThat(json.at("/idleNodes/mean").asDouble()).isEqualTo(409.53398141775637);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThat(simulate("idle", samples, "--policy", "greedy")).isEqualTo(2);
        assertThat(simulate("idle", samples, "--hold-off", "0s")).isEqualTo(2);
        assertThat(simulate("idle", samples, "--start-up", "soon")).isEqualTo(2);
        assertThat(simulate("idle", samples, "--lengths", "0s")).isEqualTo(2);
        assertThat(simulate("idle", samples, "--period", "0s")).isEqualTo(2);
        assertThat(simulate("idle", samples, "--hold-off", "999999999999d")).isEqualTo(2);
        assertThat(simulate("idle", folder.resolve("none").toString())).isEqualTo(5);
        assertThat(simulate()).isEqualTo(2);
        assertThat(err.toString())
                .contains("--policy is greedy-pilot, lease; not 'greedy'")
                .contains("--start-up is cold, pre-warmed or a time, as 200ms; not 'soon'")
                .contains("--hold-off is above 0 and at most 24h")
                .contains("--lengths is above 0 and at most 24h")
                .contains("--period is above 0 and at most 24h")
                .contains("no samples at")
                .contains("Missing required parameter: 'LOG'");
    }

    private int simulate(String... arguments) {
        return run(new SimulateCommand(SimulateCommandTest.silent()), arguments);
    }

    private int trace(String... arguments) {
        return run(new TraceCommand(), arguments);
    }

    private int run(Object command, String... arguments) {
        CommandLine line = new CommandLine(command);
        if (command instanceof SimulateCommand) {
            line.addSubcommand(new CommandLine(new SimulateIdleCommand()));
        }
        return line.setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler((failure, failed, parsed) -> {
                    if (failure instanceof OffcutException refusal) {
                        err.append(refusal.getMessage()).append('\n');
                        return refusal.code().exitCode();
                    }
                    throw failure;
                })
                .execute(arguments);
    }
}
