package io.offcut.cli.simulate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.cli.Io;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.trace.TraceCommand;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SimulateCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void generatesALogAndSimulatesIt(@TempDir Path folder) throws IOException {
        String log = folder.resolve("made.swf.gz").toString();
        String results = folder.resolve("results").toString();

        assertThat(
                        trace(
                                "generate",
                                "jobs",
                                "--jobs",
                                "200",
                                "--procs",
                                "64",
                                "--nodes",
                                "4",
                                "--out",
                                log))
                .isZero();
        assertThat(trace("info", log)).isZero();
        assertThat(simulate(log, "--scheduler", "fcfs", "--functions", "fit", "--out", results))
                .isZero();

        assertThat(out.toString())
                .contains("made.swf.gz: 200 jobs")
                .containsPattern("machine +64 cores in 4 nodes")
                .containsPattern("missing +wait 100.0 %")
                .contains("200 jobs on 4 nodes of 16 cores")
                .contains("scheduler fcfs")
                .containsPattern("gain over ideal node sharing +[0-9.]+%");
        assertThat(Files.readAllLines(Path.of(results, "jobs.csv"))).hasSize(201);
        assertThat(Path.of(results, "utilization.csv")).isNotEmptyFile();
        assertThat(Path.of(results, "leases.csv")).isNotEmptyFile();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void printsWhatItWritesAsJson(@TempDir Path folder) throws IOException {
        assertThat(
                        simulate(
                                "sample",
                                "--format",
                                "json",
                                "--scheduler",
                                "easy",
                                "--easy-semantics",
                                "per-instant",
                                "--out",
                                folder.toString()))
                .isZero();

        JsonNode printed = new ObjectMapper().readTree(out.toString());
        assertThat(printed)
                .isEqualTo(new ObjectMapper().readTree(folder.resolve("summary.json").toFile()));
        assertThat(printed.at("/batchSystem/easySemantics").asText()).isEqualTo("PER_INSTANT");
        assertThat(printed.at("/batch/jobs").asInt()).isEqualTo(2_000);
        assertThat(printed.at("/functions").isNull()).isTrue();
    }

    @Test
    void tellsHowLongEachPartTookOnDemand(@TempDir Path folder) {
        assertThat(simulate("sample", "--times", "--no-report", "--out", folder.toString()))
                .isZero();

        assertThat(err.toString())
                .matches("offcut: read \\d+ ms, simulate \\d+ ms, write \\d+ ms, print \\d+ ms\\R");
    }

    @Test
    void offersWhatJobsHoldForNothingOnlyOnDemandAndSaysSo(@TempDir Path folder)
            throws IOException {
        Path log = folder.resolve("two.swf");
        Files.writeString(log, "; MaxProcs: 4\n1 0 0 1000 2\n");
        String path = log.toString();

        String[] whole = {
            path,
            "--allocation",
            "nodes",
            "--cores-per-node",
            "4",
            "--functions",
            "fit",
            "--interference",
            "none"
        };

        assertThat(simulate(whole)).isZero();
        assertThat(out.toString())
                .containsPattern("harvested +0.0 ")
                .doesNotContain("underused=on");

        assertThat(
                        simulate(
                                Stream.concat(
                                                Stream.of(whole),
                                                Stream.of(
                                                        "--policy",
                                                        "lease,underused=on,hold-off=10s"))
                                        .toArray(String[]::new)))
                .isZero();
        assertThat(out.toString()).containsPattern("harvested +0.5 ").contains("with underused=on");
    }

    @Test
    void callsOfATraceAreSimulated(@TempDir Path folder) throws IOException {
        Path calls = folder.resolve("calls.csv");
        Files.writeString(
                calls, "app,func,end_timestamp,duration\na,f,20.5,0.5\na,g,31.0,1.0\na,f,40,2\n");

        assertThat(simulate("sample", "--functions", calls + ",hold=5s")).isZero();

        assertThat(out.toString()).containsPattern("calls +3\\n").containsPattern("done +3\\n");
        assertThat(simulate("sample", "--functions", folder.resolve("none.csv").toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("is no file");
    }

    @Test
    void everyModelAndPolicyIsSimulated() {
        for (String[] arguments :
                new String[][] {
                    {"--functions", "fit,memory=1G,memory-leases=on,class=memory"},
                    {"--functions", "poisson,rate=20,burst=2,service=lognormal,median=5s"},
                    {"--functions", "poisson,service=pareto,least=1s,transport=rdma,swing=0.5"},
                    {"--functions", "offload,jobs=0.2,share=0.3", "--policy", "lease,place=pack"},
                    {"--functions", "fit", "--policy", "pilot,lengths=2:10,warm-up=30s"},
                    {"--functions", "fit", "--interference", "none"}
                }) {
            String[] line =
                    Stream.concat(Stream.of("sample"), Stream.of(arguments)).toArray(String[]::new);
            assertThat(simulate(line)).as(String.join(" ", line)).isZero();
        }
        assertThat(out.toString())
                .contains("memory without cores, GiB-hours")
                .contains("call latency p50 and p99, ms")
                .contains("their makespan shrank by");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void writesTheSameBytesWhereverTheyGo(@TempDir Path folder) throws IOException {
        String price = "--core-hour-price=0.02";
        assertThat(
                        simulate(
                                "sample",
                                "--functions=fit",
                                price,
                                "--out",
                                folder.resolve("a").toString()))
                .isZero();
        assertThat(simulate("sample", "--functions=fit", price, "--out=" + folder.resolve("b")))
                .isZero();

        for (String name :
                List.of(
                        "report.html",
                        "summary.json",
                        "jobs.csv",
                        "utilization.csv",
                        "leases.csv")) {
            assertThat(folder.resolve("a").resolve(name))
                    .isNotEmptyFile()
                    .hasSameBinaryContentAs(folder.resolve("b").resolve(name));
        }
        JsonNode summary = new ObjectMapper().readTree(folder.resolve("a/summary.json").toFile());
        assertThat(summary.at("/run/commandLine").asText())
                .isEqualTo("offcut simulate sample --functions=fit --core-hour-price=0.02");
        assertThat(summary.at("/cost/harvested").asDouble())
                .isCloseTo(
                        summary.at("/coreSeconds/harvested").asDouble() / 3600 * 0.02,
                        within(1e-5));
        assertThat(out.toString()).contains("report: " + folder.resolve("a/report.html"));
    }

    @Test
    void tellsBothBaselinesInEightyColumns() {
        assertThat(simulate("sample", "--functions=fit", "--core-hour-price", "123456789"))
                .isZero();

        assertThat(out.toString())
                .containsPattern("gain over whole-node allocation +[0-9.]+%")
                .containsPattern("gain over ideal node sharing +-?[0-9.]+%")
                .contains("price of harvested core-hours");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void doesNotTellOfFunctionsWhereThereAreNone() {
        assertThat(simulate("sample")).isZero();

        assertThat(out.toString())
                .contains("mean wait")
                .doesNotContain("with functions", "harvested", "gain", "lease", "price");
    }

    @Test
    void showsACommandThatAShellTakesBack(@TempDir Path folder) throws IOException {
        Path log = folder.resolve("it's <b>.swf");
        Files.writeString(log, "; MaxProcs: 4\n1 0 0 10 2\n");
        String results = folder.resolve("x y").toString();

        assertThat(simulate("--seed", "2", log.toString(), "--out", results, "--procs=4")).isZero();

        JsonNode summary = new ObjectMapper().readTree(Path.of(results, "summary.json").toFile());
        assertThat(summary.at("/run/commandLine").asText())
                .isEqualTo("offcut simulate '" + folder + "/it'\\''s <b>.swf' --procs=4 --seed=2");
    }

    @Test
    void aScenarioGivesTheBytesOfItsOptions(@TempDir Path folder) throws IOException {
        Path scenario = folder.resolve("scenario.yaml");
        Files.writeString(
                scenario,
                """
                # Options as on the command line.
                logs: [sample]
                scheduler: conservative
                fit: memory
                functions: fit
                policy: lease,underused=on
                coreHourPrice: 0.02
                seed: 7
                """);
        List<String> options =
                List.of(
                        "--scheduler=conservative",
                        "--fit=memory",
                        "--functions=fit",
                        "--policy=lease,underused=on",
                        "--core-hour-price=0.02",
                        "--seed=7",
                        "sample");

        writesInto(folder.resolve("options"), options);
        writesInto(folder.resolve("file"), List.of("--scenario=" + scenario));
        String written = folder.resolve("options/scenario.json").toString();
        writesInto(folder.resolve("again"), List.of("--scenario", written));

        List<String> names =
                List.of(
                        "summary.json",
                        "scenario.json",
                        "jobs.csv",
                        "utilization.csv",
                        "leases.csv",
                        "report.html");
        for (String name : names) {
            assertThat(folder.resolve("options").resolve(name))
                    .isNotEmptyFile()
                    .hasSameBinaryContentAs(folder.resolve("file").resolve(name))
                    .hasSameBinaryContentAs(folder.resolve("again").resolve(name));
        }
    }

    private void writesInto(Path folder, List<String> options) {
        List<String> all = new ArrayList<>(options);
        all.add("--out=" + folder);
        assertThat(simulate(all.toArray(String[]::new))).as(err.toString()).isZero();
    }

    @Test
    void theCommandLineGoesBeforeTheScenario(@TempDir Path folder) throws IOException {
        Path scenario = folder.resolve("scenario.yaml");
        Files.writeString(
                scenario,
                """
                logs: sample
                scheduler: conservative
                nodes:
                  - {names: "n[1-16]", cores: 16, memoryMib: 64000}
                """);
        String file = "--scenario=" + scenario;

        assertThat(simulate(file, "--scheduler=fcfs", "--format=json", "--no-report")).isZero();
        JsonNode nodes = new ObjectMapper().readTree(out.toString());
        out.getBuffer().setLength(0);
        assertThat(simulate(file, "--procs=512", "--format=json")).isZero();
        JsonNode procs = new ObjectMapper().readTree(out.toString());

        assertThat(nodes.at("/batchSystem/scheduler").asText()).isEqualTo("FCFS");
        assertThat(nodes.at("/cluster/nodes").asInt()).isEqualTo(16);
        assertThat(nodes.at("/run/commandLine").asText()).contains("--scheduler=fcfs", file);
        assertThat(procs.at("/batchSystem/scheduler").asText()).isEqualTo("CONSERVATIVE");
        assertThat(procs.at("/cluster/cores").asInt()).isEqualTo(512);
    }

    @Test
    void refusesAScenarioThatDescribesTheMachineTwice(@TempDir Path folder) throws IOException {
        String nodes = "nodes: [{names: 'n[1-16]', cores: 16, memoryMib: 64000}]\n";
        String outages = "outages: [{nodes: n3, from: 10, to: 90, kind: fail}]\n";
        String log = "logs: sample\n";

        for (String option : List.of("procs: 8", "coresPerNode: 8", "nodesFile: n.yaml")) {
            String key = option.substring(0, option.indexOf(':'));
            refuses(folder, log + nodes + option + "\n", "wrong.yaml:3: " + key + ": says what");
        }
        refuses(folder, log + outages + "procs: 8\n", "wrong.yaml:3: procs: says what");
        Path scenario = folder.resolve("down.yaml");
        Files.writeString(scenario, log + nodes + outages);
        String file = "--scenario=" + scenario;
        for (String option : List.of("--procs=512", "--nodes-file=n.yaml")) {
            assertThat(simulate(file, option)).isEqualTo(2);
            assertThat(err.toString())
                    .contains("down.yaml:3: outages: ")
                    .contains(option.substring(0, option.indexOf('=')) + " gives others");
        }
        out.getBuffer().setLength(0);
        assertThat(simulate(file, "--format=json")).isZero();
        JsonNode whole = new ObjectMapper().readTree(out.toString());
        assertThat(whole.at("/cluster/outages").asInt()).isEqualTo(1);
    }

    @Test
    void refusesAScenarioThatItDoesNotUnderstand(@TempDir Path folder) throws IOException {
        refuses(folder, "logs: sample\n\nshceduler: easy\n", ":3: shceduler: ", "'scheduler'");
        refuses(folder, "logs: sample\nseed: many\n", ":2: seed: 'many' is not a whole");
        refuses(folder, "logs: sample\nfit: {kind: memory}\n", ":2: fit: is one value");
        refuses(folder, "logs: sample\nlogs: sample\n", "wrong.yaml:2: is not YAML");
        refuses(folder, "nodes: [\n", "is not YAML");
        refuses(folder, "- 5\n", "wrong.yaml:1: is not a mapping");
        refuses(folder, "scheduler: easy\n", "wrong.yaml:1: logs: is missing");
        assertThat(simulate("--scenario", folder.resolve("none.yaml").toString())).isNotZero();
        assertThat(err.toString()).contains("no scenario at");
    }

    @Test
    void saysInWhichLineOfAScenarioAValueIsWrong(@TempDir Path folder) throws IOException {
        String log = "logs:\n  - sample\n";
        refuses(folder, log + "scheduler: sjf\n", ":3: scheduler: is recorded, fcfs, easy,");
        refuses(folder, log + "rowSeconds: 0\n", ":3: rowSeconds: is at least 1; not 0");
        refuses(folder, log + "procs: 0\n", ":3: procs: is from 1 to");
        refuses(folder, log + "timeZone: EST\n", ":3: timeZone: is a zone by its name");
        refuses(folder, log + "functions: fti\n", ":3: functions: fti: is no file");
        refuses(
                folder,
                log + "seed: 1\npolicy: lease,idle-quantile=50\n",
                ":4: policy: lease: idle-quantile is from 0 to 0.9, not 50");
        refuses(folder, log + "interference: no.txt\n", ":3: interference: is measured, none or");
        refuses(
                folder,
                log
                        + "nodes:\n  - {names: n1, cores: 4, memoryMib: 9}\n  - {names: n2, cores: x}\n",
                ":5: nodes[2].cores: 'x' is not a whole number");
        refuses(
                folder,
                log + "nodes:\n  - {names: n1, cores: 0, memoryMib: 9}\n",
                ":4: nodes[1].cores: is from 1 to 8192; not 0");
        refuses(
                folder,
                log
                        + "nodes:\n  - {names: n1, cores: 4, memoryMib: 9}\noutages:\n"
                        + "  - {nodes: n1, from: 1, to: 2, kind: fail}\n"
                        + "  - {nodes: n2, from: 1, to: 2, kind: fail}\n",
                ":7: outages[2].nodes: there is no node n2");
        Path file = folder.resolve("wrong.yaml");
        Files.writeString(file, "logs:\n  - none.swf\n");
        assertThat(simulate("--scenario", file.toString())).isEqualTo(5);
        assertThat(err.toString()).contains("wrong.yaml:1: logs: no job log at none.swf");
        err.getBuffer().setLength(0);
        Files.writeString(file, log + "procs: 0\n");
        assertThat(simulate("--scenario", file.toString(), "--procs=-1")).isEqualTo(2);
        assertThat(err.toString()).as("said on the command line").startsWith("--procs is from 1");
    }

    private void refuses(Path folder, String scenario, String... told) throws IOException {
        Path file = folder.resolve("wrong.yaml");
        Files.writeString(file, scenario);
        assertThat(simulate("--scenario", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains(told);
        err.getBuffer().setLength(0);
    }

    @Test
    void timesOfALogAreOfTheZoneThatIsGiven(@TempDir Path folder) throws IOException {
        Path log = folder.resolve("jobs.txt");
        Files.writeString(
                log,
                """
                JobID|Submit|Start|End|NCPUS|State
                1|2024-03-31T01:30:00|2024-03-31T01:30:00|2024-03-31T01:40:00|1|COMPLETED
                2|2024-03-31T03:30:00|2024-03-31T03:30:00|2024-03-31T03:40:00|1|COMPLETED
                """);
        String out = folder.resolve("out").toString();

        assertThat(simulate(log.toString(), "--time-zone=Europe/Berlin", "--out", out)).isZero();

        // Clocks went forward in between.
        assertThat(Files.readAllLines(Path.of(out, "jobs.csv")))
                .contains("1,0,0,600,1,0,1", "2,3600,3600,4200,1,0,1");
        assertThat(simulate(log.toString(), "--time-zone=Mars/Olympus")).isEqualTo(2);
        assertThat(err.toString()).contains("--time-zone is a zone");
    }

    @Test
    void tellsHowFarItIsAndWhenItWillBeDone() {
        SimulateProgress progress = new SimulateProgress();
        assertThat(progress.line()).isEqualTo("simulate: preparing");

        progress.at(0, 1_000);
        long begunNanos = System.nanoTime();
        progress.at(250, 1_000);

        assertThat(progress.line(begunNanos + 5_000_000_000L))
                .matches(
                        "simulate: \\[#####---------------\\] 250/1000 jobs, [0-9.]+/s, 1[45] s"
                                + " left");
    }

    @Test
    void saysWhatIsWrongWithALog(@TempDir Path folder) throws IOException {
        Path log = folder.resolve("bad.swf");
        Files.writeString(log, "; MaxProcs: 4\n1 0 0 10 2\nnonsense\n");

        assertThat(simulate(log.toString(), "--scheduler", "recorded")).isZero();

        assertThat(err.toString())
                .contains("2 complaints, 1 line left out")
                .contains("line 3, field 1: not a number: nonsense");
        assertThat(out.toString()).contains("1 job on 4 nodes of 1 cores");
    }

    @Test
    void saysWhatEqualNumbersOfSeveralLogsAreTakenFor(@TempDir Path folder) throws IOException {
        Path one = Files.writeString(folder.resolve("1.swf"), "; MaxProcs: 4\n1 0 0 10 2\n");
        Path other = Files.writeString(folder.resolve("2.swf"), "; MaxProcs: 4\n1 0 0 10 2\n");

        assertThat(simulate(one.toString())).isZero();
        assertThat(err.toString()).doesNotContain("of one machine");
        assertThat(simulate(one.toString(), other.toString())).isZero();

        assertThat(err.toString().lines())
                .containsOnlyOnce(
                        "offcut: 2 logs, taken to be of one machine:"
                                + " equal numbers are one user, queue and so on");
    }

    @Test
    void saysWhatMadeTheMachineAndWhatChangesIt(@TempDir Path folder) throws IOException {
        Path uneven = folder.resolve("uneven.swf");
        Files.writeString(
                uneven,
                "; MaxProcs: 2004\n; MaxNodes: 151\n1 0 0 10 2 -1 -1 2 10 -1 1 1 1 1 1 1 -1 -1\n");
        Path nodeless = folder.resolve("nodeless.swf");
        Files.writeString(nodeless, "; MaxProcs: 64\n1 0 0 10 2 -1 -1 2 10 -1 1 1 1 1 1 1 -1 -1\n");
        String results = folder.resolve("results").toString();

        assertThat(simulate(uneven.toString(), "--out", results)).isZero();
        assertThat(out.toString())
                .contains("1 job on 144 nodes of up to 14 cores")
                .contains(
                        "machine by MaxProcs 2004 / MaxNodes 151 of the log; --cores-per-node"
                                + " changes it");
        assertThat(err.toString())
                .hasLineCount(1)
                .contains("the log says 151 nodes, the machine made of it has 144: 2004 cores")
                .contains("--cores-per-node or --nodes-file");
        JsonNode summary = new ObjectMapper().readTree(Path.of(results, "summary.json").toFile());
        assertThat(summary.at("/run/machine/0").asText()).startsWith("machine by MaxProcs 2004 /");
        assertThat(Files.readString(Path.of(results, "report.html")))
                .contains("machine by MaxProcs 2004 / MaxNodes 151 of the log");
        clear();
        assertThat(simulate(nodeless.toString())).isZero();
        assertThat(out.toString())
                .contains("machine by MaxProcs 64 alone: nodes of one core; --cores-per-node");
        clear();
        assertThat(simulate(uneven.toString(), "--cores-per-node=16")).isZero();
        assertThat(out.toString()).contains("machine by MaxProcs 2004 of the log; --procs changes");
        clear();
        assertThat(simulate(uneven.toString(), "--cores-per-node=16", "--procs=64")).isZero();
        assertThat(out.toString())
                .doesNotContain("machine by")
                .contains("memory of 4 GiB for each core is assumed; --node-memory-mib changes it");
        assertThat(err.toString()).isEmpty();
        clear();
        assertThat(simulate(uneven.toString(), "--node-memory-mib=1024")).isZero();
        assertThat(out.toString()).doesNotContain("assumed");
    }

    private void clear() {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
    }

    @Test
    void refusesLogsOfSeveralMachinesUnlessOneIsSaid(@TempDir Path folder) throws IOException {
        Path one =
                Files.writeString(
                        folder.resolve("1.swf"),
                        "; MaxProcs: 4\n; UnixStartTime: 0\n1 0 0 10 2 -1 -1 2 10 -1 1 1 1 1 1 1 -1 -1\n");
        Path other =
                Files.writeString(
                        folder.resolve("2.swf"),
                        "; MaxProcs: 8\n; UnixStartTime: 864010\n1 0 0 10 2 -1 -1 2 10 -1 1 1 1 1 1 1 -1 -1\n");

        assertThat(simulate(one.toString(), other.toString())).isEqualTo(2);
        assertThat(err.toString())
                .hasLineCount(1)
                .contains("different machines: MaxProcs is 4 in " + one + " and 8 in " + other)
                .contains("--procs or --nodes-file");
        clear();
        assertThat(simulate(one.toString(), other.toString(), "--procs=8")).isZero();
        assertThat(err.toString().lines())
                .hasSize(2)
                .contains(
                        "offcut: between %s and %s are 10 days of which no log tells: they count as idle"
                                .formatted(one, other));
    }

    @Test
    void saysInWordsOfTheOptionWhatIsWrongWithIt(@TempDir Path folder) throws IOException {
        String[][] wrong = {
            {"fit,memory=256", "memory=256 has no unit: say 256M or 256B"},
            {"fit,memory=900G", "no node has room for a worker of 900 GiB: the largest has 64 GiB"},
            {"poisson,mean=30", "mean=30 has no unit: say 30s or 30ms"},
            {"poisson,mean=0", "mean is above 0"},
            {"poisson,rate=-5", "rate is above 0, not -5"},
            {"poisson,swing=2", "swing is from 0 to 1, not 2"},
            {"poisson,burst=0", "burst is a whole number from 1 to 2147483647, not 0"},
            {"poisson,service=pareto,mean=3s", "poisson,service=pareto: 'mean' is no parameter"},
            {"poisson,bust=1", "'bust' is no parameter: did you mean 'burst'?"},
            {"offload,jobs=50", "jobs is from 0 to 1, not 50"},
            {"offload,workers=0", "workers is above 0, not 0"}
        };
        for (String[] each : wrong) {
            clear();
            assertThat(simulate("sample", "--functions", each[0])).as(each[0]).isEqualTo(2);
            assertThat(err.toString()).hasLineCount(1).contains("--functions", each[1]);
        }
        String[][] policies = {
            {"lease,idle-quantile=50", "idle-quantile is from 0 to 0.9, not 50"},
            {"lease,place=here", "place is default, pack; not 'here'"},
            {"lease,freeze=5s,evict=1s", "evict is not sooner than freeze"},
            {"pilot,lengths=2:x", "lengths are whole minutes, as 2:8:34; not 'x'"}
        };
        for (String[] each : policies) {
            clear();
            assertThat(simulate("sample", "--functions=fit", "--policy", each[0])).isEqualTo(2);
            assertThat(err.toString()).hasLineCount(1).contains("--policy", each[1]);
        }
    }

    @Test
    void warnsOfFunctionsThatFitOnNoNode(@TempDir Path folder) throws IOException {
        Path calls = folder.resolve("calls.csv");
        Files.writeString(
                calls,
                """
                app,func,end_timestamp,duration,memory_bytes
                a,f,20.5,0.5,1000000
                a,g,31.0,1.0,99000000000000
                """);

        assertThat(simulate("sample", "--functions", calls.toString())).isZero();

        assertThat(err.toString())
                .hasLineCount(1)
                .contains("1 function of 2 fit on no node, of which the largest has 64 GiB");
    }

    @Test
    void refusesWhatMakesNoSense(@TempDir Path folder) throws IOException {
        Path headless = folder.resolve("headless.swf");
        Files.writeString(headless, "1 0 0 10 2\n");

        assertThat(simulate("sample", "--scheduler", "sjf")).isEqualTo(2);
        assertThat(simulate("sample", "--functions", "poisson,burst=0")).isEqualTo(2);
        assertThat(simulate("sample", "--functions", "poisson,bust=1")).isEqualTo(2);
        assertThat(simulate("sample", "--policy", "lease,hold-off=soon")).isEqualTo(2);
        assertThat(simulate("sample", "--interference", "nowhere.txt")).isEqualTo(2);
        assertThat(simulate("sample", "--functions", "offload", "--policy", "pilot")).isEqualTo(2);
        assertThat(simulate("sample", "--procs", "-3")).isEqualTo(2);
        assertThat(simulate("sample", "--core-hour-price", "-1")).isEqualTo(2);
        assertThat(simulate("sample", "--core-hour-price", "NaN")).isEqualTo(2);
        assertThat(simulate(headless.toString())).isEqualTo(2);
        assertThat(simulate("sample", "--scheduler", "recorded")).isEqualTo(7);
        assertThat(simulate(folder.resolve("none").toString())).isEqualTo(5);
        assertThat(trace("generate", "jobs", "--procs", "7")).isEqualTo(2);
        assertThat(err.toString())
                .contains("--scheduler is recorded, fcfs, easy, conservative; not 'sjf'")
                .contains("'bust' is no parameter")
                .contains("'soon' is not a time")
                .contains("nowhere.txt is no file")
                .contains("--policy pilot is for --functions fit alone, not for offload")
                .contains("--procs is from 1 to 2147483647; not -3")
                .contains("give --procs")
                .contains("(try the scheduler easy)")
                .contains("no job log at");
    }

    private int simulate(String... arguments) {
        return run(new SimulateCommand(silent()), arguments);
    }

    /** For a command that nobody watches. */
    static Io silent() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, UTF_8);
        return new Io(
                InputStream.nullInputStream(),
                nowhere,
                nowhere,
                Terminal.NONE,
                new ConfigLoader(Map.of(), List.of()));
    }

    private int trace(String... arguments) {
        return run(new TraceCommand(), arguments);
    }

    private int run(Object command, String... arguments) {
        return new CommandLine(command)
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
