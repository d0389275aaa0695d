package io.offcut.simulator.internal.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.Distribution;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.ResultWriter;
import io.offcut.simulator.RunNote;
import io.offcut.simulator.Simulation;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.SimulationResult;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Results to look at. */
final class Reports {
    static final String HOSTILE =
            "</script><script>window.hit=1</script><img src=x onerror=\"window.hit=2\">'&\u202egnp";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CALLS =
            """
            {"executorStarts": {"cold": 3, "kept": 4},
             "calls": {"invocations": 99999, "evictions": 1234, "lostCoreSeconds": 7200,
                       "latency": {"p50Millis": 2.5, "p99Millis": 80,
                                   "histogram": [{"upToMillis": 1, "calls": 10},
                                                 {"upToMillis": 2, "calls": 500},
                                                 {"upToMillis": 64, "calls": 400},
                                                 {"upToMillis": 4096, "calls": 90}]}},
             "slowdown": {"slowedJobs": 17, "mean": 1.01, "p50": 1, "p90": 1.02, "p99": 1.05, "max": 1.12}}
            """;
    private static final String HARVESTABLE =
            """
            [{"policy": "none", "coreSeconds": 0, "coreShare": 0},
             {"policy": "unallocated", "coreSeconds": 36000, "coreShare": 0.25,
              "memoryByteSeconds": 1e15, "memoryShare": 0.5, "jobsMeasured": 0}]
            """;

    private Reports() {}

    /** A log of some weeks with three partitions, two queues, and lines that are wrong. */
    static SwfLog log(String partitionName) {
        StringBuilder text = new StringBuilder("; MaxProcs: 128\n; MaxNodes: 8\n");
        text.append("; Partition: 1 ").append(partitionName).append('\n');
        text.append("; Partition: 2 long\n; Queue: 1 day\n; Queue: 2 night\n");
        Random random = new Random(11);
        long submit = 0;
        for (int job = 1; job <= 600; job++) {
            submit += (long) (-Math.log(1 - random.nextDouble()) * 2_500);
            int run = (int) Math.exp(2 + 8 * random.nextDouble());
            int procs = 1 << random.nextInt(7);
            text.append(job).append(' ').append(submit).append(" -1 ").append(run).append(' ');
            text.append(procs).append(" -1 -1 ").append(procs).append(' ').append(2 * run);
            text.append(" -1 1 1 1 -1 ").append(1 + job % 2).append(' ');
            text.append(1 + job % 3).append(" -1 -1\n");
        }
        text.append("nonsense\n601 ").append(submit).append(" 0 100 4096 -1 -1 4096\n");
        return new SwfReader(
                        new ByteArrayInputStream(text.toString().getBytes(StandardCharsets.UTF_8)),
                        "log")
                .readAll();
    }

    static SimulationConfig config(SwfLog log) {
        return new SimulationConfig(
                log.jobs(),
                ClusterSpec.of(128, 16),
                BatchConfig.DEFAULT,
                FunctionConfig.DEFAULT,
                1,
                600);
    }

    /** Everything that a report can have. */
    static void write(Path folder) {
        SwfLog log = log("short");
        RunNote note = note("1.2.3", "offcut simulate site.swf --seed 1", "site.swf", log, 0.05);
        ResultWriter.write(Simulation.run(config(log)), note, true, folder);
    }

    /** Whatever a user or a log can name has a hostile name. */
    static void writeHostile(Path folder) {
        SwfLog log = log(HOSTILE);
        RunNote note = note(HOSTILE, "offcut simulate " + HOSTILE, HOSTILE, log, null);
        ResultWriter.write(Simulation.run(config(log)), note, true, folder);
    }

    /** A summary with parts that only some runs have. */
    static ReportData withCalls() {
        SimulationResult result = Simulation.run(config(log("short")));
        Distribution.Builder waits = new Distribution.Builder(1);
        for (int job = 0; job < result.schedule().size(); job++) {
            waits.add(result.schedule().waitSeconds(job));
        }
        try {
            ObjectNode summary = (ObjectNode) JSON.readTree(ResultWriter.summaryJson(result));
            ((ObjectNode) summary.get("functions")).setAll((ObjectNode) JSON.readTree(CALLS));
            ((ObjectNode) summary.get("batch")).put("lostJobs", 3);
            ((ObjectNode) summary.get("coreSeconds")).put("down", 86_400);
            summary.set("harvestable", JSON.readTree(HARVESTABLE));
            return new ReportData(result, summary.toString(), waits.build(), waits.build());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RunNote note(
            String version, String command, String name, SwfLog log, @Nullable Double price) {
        return RunNote.of(
                version,
                command,
                List.of(RunNote.Log.of(name, log)),
                log.header(),
                List.of(),
                price);
    }

    /** No functions, no price, one kind of jobs. */
    static void writePlain(Path folder) {
        SwfLog log =
                new SwfReader(
                                new ByteArrayInputStream(
                                        "; MaxProcs: 4\n1 0 0 7200 2\n2 5 0 7200 4\n"
                                                .getBytes(StandardCharsets.UTF_8)),
                                "log")
                        .readAll();
        SimulationConfig config =
                new SimulationConfig(log.jobs(), ClusterSpec.of(4, 4)).with(FunctionConfig.NONE);
        ResultWriter.write(Simulation.run(config), RunNote.NONE, true, folder);
    }
}
