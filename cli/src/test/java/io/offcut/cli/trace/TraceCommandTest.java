package io.offcut.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.testing.SharedData;
import io.offcut.traces.AzureFunctions;
import io.offcut.traces.FunctionTrace;
import io.offcut.traces.JobLogs;
import io.offcut.traces.SwfLog;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TraceCommandTest {
    private static final String SACCT =
            """
            JobID|Submit|Start|End|NCPUS|State|User|Partition|NodeList|JobName
            1|2026-01-05T00:00:00|2026-01-05T00:00:10|2026-01-05T01:00:10|8|COMPLETED|ann|fat|n1|secret
            2|2026-01-05T00:01:00|2026-01-05T01:00:10|2026-01-05T02:00:10|8|CANCELLED by 5|bob|thin|n2|b
            3|2026-01-12T00:01:00|2026-01-12T01:00:00|2026-01-12T02:00:00|4|COMPLETED|bob|fat|n1|c
            garbage
            """;

    @TempDir private Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void tellsWhatACarefulReaderWantsToKnow() throws IOException {
        run("info", sacct());

        assertThat(out.toString())
                .containsPattern("jobs +3, of which 3 ran")
                .containsPattern("submitted +7\\.0 days, 2026-01-05 00:00 to 2026-01-12 00:01 UTC")
                .containsPattern("machine +16 cores in 2 nodes")
                .containsPattern("allocated +0\\.7 % of core time, 20 core-hours, at most 8 cores")
                .containsPattern("nodes +[0-9.]+ % of node time some core is held")
                .containsPattern("cores used +not measured")
                .containsPattern("idle nodes +3 intervals")
                .contains("over 24 h")
                .containsPattern("missing +average cpu 100\\.0 %")
                .containsPattern("complaints +1, 1 line left out")
                .contains("line 5: too short: garbage");
    }

    @Test
    void keepsToEightyColumns() {
        run("info", "sample");

        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void refusesALogWithoutAJob() throws IOException {
        String empty = Files.writeString(folder.resolve("empty.swf"), "").toString();
        String wrong = Files.writeString(folder.resolve("no.swf"), "; x\n1 a\n").toString();

        assertThat(execute("info", empty)).isEqualTo(ErrorCode.INVALID_INPUT.exitCode());
        assertThat(execute("convert", wrong)).isEqualTo(ErrorCode.INVALID_INPUT.exitCode());

        assertThat(err.toString().lines())
                .hasSize(2)
                .contains("no job is in " + empty + ": check the file")
                .last()
                .asString()
                .startsWith("no job is in " + wrong + ": line 2");
    }

    @Test
    void saysThatAFilterKeepsNothing() {
        run("filter", "sample", "--user", "nobody", "--out", folder.resolve("o.swf").toString());

        assertThat(err.toString()).startsWith("offcut: none of the 2000 jobs of sample is kept");
    }

    @Test
    void makesSamplesThatItReadsTheSameForOneSeed() throws IOException {
        Path one = folder.resolve("one.csv.zst");
        Path two = folder.resolve("two.csv.zst");
        for (Path file : List.of(one, two)) {
            run("generate", "idle", "--duration", "1h", "--seed", "7", "--out", file.toString());
        }

        assertThat(out.toString()).contains("one.csv.zst: 360 samples");
        assertThat(Files.readAllBytes(one)).isEqualTo(Files.readAllBytes(two));
        run("idle", one.toString());
        assertThat(out.toString()).containsPattern("samples +360 in 1\\.0 h");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void makesCallsThatAreReadAsAFunctionTrace() {
        Path file = folder.resolve("calls.csv.gz");
        run(
                "generate",
                "functions",
                "--functions",
                "5",
                "--calls-per-day",
                "500",
                "--out",
                file.toString());

        FunctionTrace calls = AzureFunctions.read(file, 1);
        assertThat(calls.calls()).isBetween(300, 700);
        assertThat(calls.complaints().total()).isZero();
        assertThat(calls.functions()).hasSizeBetween(1, 5);
    }

    @Test
    void refusesSamplesOfNoTime() {
        assertThat(execute("generate", "idle", "--duration", "1s"))
                .isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(err.toString()).contains("0 samples");
    }

    @Test
    void tellsTheSameToScripts() throws IOException {
        run("info", sacct(), "--format", "json", "--procs", "32");

        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/unixStartTime").asLong()).isEqualTo(1_767_571_200L);
        assertThat(json.at("/summary/jobs").asInt()).isEqualTo(3);
        assertThat(json.at("/summary/machineProcs").asInt()).isEqualTo(32);
        assertThat(json.at("/summary/idle/of").asText()).isEqualTo("nodes");
        assertThat(json.at("/summary/missing/average-cpu").asInt()).isEqualTo(3);
        assertThat(json.at("/complaints/too-short").asInt()).isEqualTo(1);
        assertThat(json.at("/linesLeftOut").asInt()).isEqualTo(1);
    }

    @Test
    void looksAtTheTimeAskedFor() throws IOException {
        run(
                "info",
                sacct(),
                "--from",
                "2026-01-05T00:00:10",
                "--to",
                "2026-01-05T01:00:10",
                "--format",
                "json");

        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.at("/summary/allocated").asDouble()).isEqualTo(0.5);
        assertThat(json.at("/summary/nodesBusy").asDouble()).isEqualTo(0.5);
    }

    @Test
    void convertsAnythingToSwfAndCsv() throws IOException {
        Path swf = folder.resolve("out.swf.zst");
        Path csv = folder.resolve("out.csv");

        run("convert", sacct(), "--out", swf.toString());
        run("convert", sacct(), "--out", csv.toString());

        assertThat(JobLogs.read(swf).jobs().size()).isEqualTo(3);
        assertThat(Files.readAllLines(csv))
                .hasSize(4)
                .element(1)
                .asString()
                .startsWith("1,0,10,3600,8,");
        assertThat(Files.readString(csv)).contains(",ann,", ",fat,", "secret");
        assertThat(out.toString()).contains("out.swf.zst: 3 jobs").contains("out.csv: 3 jobs");
        assertThat(err.toString()).contains("1 complaint, 1 line left out").contains("line 5");
    }

    @Test
    void filtersByNameTimeSizeAndStatus() throws IOException {
        assertThat(filtered("--user", "bob")).isEqualTo(2);
        assertThat(filtered("--user", "bob", "--partition", "fat,gpu")).isEqualTo(1);
        assertThat(filtered("--from", "2026-01-10")).isEqualTo(1);
        assertThat(filtered("--to", "2026-01-10")).isEqualTo(2);
        assertThat(filtered("--from", "60", "--to", "61")).isEqualTo(1);
        assertThat(filtered("--min-procs", "5", "--max-procs", "8")).isEqualTo(2);
        assertThat(filtered("--status", "cancelled")).isEqualTo(1);
        assertThat(out.toString()).contains("kept.swf: 2 jobs of 3");
    }

    private int filtered(String... conditions) throws IOException {
        Path kept = folder.resolve("kept.swf");
        String[] arguments = new String[conditions.length + 4];
        arguments[0] = "filter";
        arguments[1] = sacct();
        System.arraycopy(conditions, 0, arguments, 2, conditions.length);
        arguments[arguments.length - 2] = "--out";
        arguments[arguments.length - 1] = kept.toString();
        run(arguments);
        return JobLogs.read(kept).jobs().size();
    }

    @Test
    void samplesAndSaysHow() {
        Path some = folder.resolve("some.swf");

        run("sample", "sample", "--jobs", "100", "--seed", "4", "--out", some.toString());

        SwfLog log = JobLogs.read(some);
        assertThat(log.jobs().size()).isEqualTo(100);
        assertThat(out.toString())
                .containsPattern(
                        "some.swf: 100 jobs; sampled 1 of [0-9]+ (weeks|days) with jobs, seed 4");
        assertThat(log.header().lines().getLast()).contains("seed 4");
    }

    @Test
    void takesNamesAway() throws IOException {
        Path csv = folder.resolve("anonymous.csv");

        run("anonymize", sacct(), "--shift-times", "--out", csv.toString());

        assertThat(Files.readString(csv))
                .doesNotContain("ann", "bob", "fat", "secret")
                .contains(",hosts\n");
    }

    @Test
    void saysInOneLineWhatIsWrong() {
        String log = "sample";

        refused("--out x.parquet: give a name that ends in", "convert", log, "--out", "x.parquet");
        refused("give one of --days, --jobs and --fraction", "sample", log);
        refused("--fraction is above 0", "sample", log, "--fraction", "2");
        refused("--days is at least 1", "sample", log, "--days", "0");
        refused("--status is completed", "filter", log, "--status", "done");
        refused("--from is a date", "filter", log, "--from", "yesterday");
        refused("--time-zone is a zone", "info", log, "--time-zone", "Mars/Olympus");
        refused("not 'EST'; short names as EST mean", "info", log, "--time-zone", "EST");
        refused("did you mean 'Europe/Berlin'?", "info", log, "--time-zone", "Europe/Berlni");
        refused("--to must be after --from", "info", log, "--from", "9", "--to", "3");
        refused("--procs is at least 1", "info", log, "--procs", "0");
    }

    private void refused(String message, String... arguments) {
        err.getBuffer().setLength(0);
        assertThat(execute(arguments)).isEqualTo(ErrorCode.USAGE.exitCode());
        assertThat(err.toString().strip()).contains(message).doesNotContain("\n");
    }

    @Test
    void tellsTheUseOfMason() {
        Path mason = SharedData.require("jobs/mason_2017-10_12_torque_acct.anon.gz");

        run("info", mason.toString());

        assertThat(out.toString())
                .containsPattern("jobs +16,221, of which")
                .containsPattern("machine +576 cores in 18 nodes")
                .containsPattern("allocated +39\\.3 % of core time")
                .containsPattern("nodes +59\\.5 % of node time some core is held")
                .containsPattern("cores used +38\\.7 % of allocated core time")
                .containsPattern("27\\.3 %\\s+of requested");
    }

    private String sacct() throws IOException {
        Path log = folder.resolve("jobs.txt");
        Files.writeString(log, SACCT);
        return log.toString();
    }

    private void run(String... arguments) {
        assertThat(execute(arguments)).as(err.toString()).isZero();
    }

    private int execute(String... arguments) {
        return new CommandLine(new TraceCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof OffcutException refusal) {
                        err.append(refusal.getMessage()).append('\n');
                        return refusal.code().exitCode();
                    }
                    throw failure;
                })
                .execute(arguments);
    }
}
