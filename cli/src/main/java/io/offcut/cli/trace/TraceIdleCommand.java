package io.offcut.cli.trace;

import io.offcut.cli.FormatOption;
import io.offcut.cli.output.JsonOut;
import io.offcut.traces.idle.IdleRecord;
import io.offcut.traces.idle.IdleStatistics;
import io.offcut.traces.idle.SortedValues;
import io.offcut.traces.idle.UtilizationRecord;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code offcut trace idle}. */
@Command(
        name = "idle",
        description = "Says how idle a machine was, from samples of its nodes.",
        footer = {
            "",
            "The samples name the idle nodes, or are those of a machine as a whole, as Piz",
            "Daint's; plain, gzip or zstd. The formats and how to record your own are in",
            "docs/reference/idle-samples.md.",
            "",
            "Example:",
            "  offcut trace idle idle.csv.gz"
        })
final class TraceIdleCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "SAMPLES", description = "File of samples.")
    private String samples = "";

    @Mixin private FormatOption format = new FormatOption();

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Path path = Path.of(samples);
        if (UtilizationRecord.isOne(path)) {
            UtilizationRecord record = UtilizationRecord.read(path);
            LogFiles.warn(err, samples, record.complaints());
            if (format.json()) {
                out.println(JsonOut.text(facts(record)));
            } else {
                new IdleText(out).print(record);
            }
        } else {
            IdleRecord record = IdleRecord.read(path);
            LogFiles.warn(err, samples, record.complaints());
            IdleStatistics facts = IdleStatistics.of(record);
            if (format.json()) {
                out.println(JsonOut.text(facts));
            } else {
                new IdleText(out).print(facts);
            }
        }
        out.flush();
        return 0;
    }

    private static Map<String, Object> facts(UtilizationRecord record) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("samples", record.samples());
        facts.put("from", record.firstDate());
        facts.put("to", record.lastDate());
        facts.put("nodes", record.nodes());
        facts.put("idleCpuPercent", facts(record.idleCpuPercent()));
        Map<String, Object> above = new LinkedHashMap<>();
        for (int limit = 5; limit <= 25; limit += 5) {
            above.put(Integer.toString(limit), record.idleCpuPercent().countAbove(limit));
        }
        facts.put("samplesWithIdleCpuPercentAbove", above);
        facts.put("idleNodes", facts(record.idleNodes()));
        facts.put("freeMemoryPercent", facts(record.freeMemoryPercent()));
        facts.put("samplesWithFreeMemoryAbove75", record.freeMemoryPercent().countAbove(75));
        facts.put("freeMemoryOfAllocatedPercent", facts(record.freeMemoryOfAllocatedPercent()));
        return facts;
    }

    private static Map<String, Object> facts(SortedValues values) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("min", values.min());
        facts.put("mean", values.mean());
        facts.put("median", values.quantile(0.5));
        facts.put("p75", values.quantile(0.75));
        facts.put("p95", values.quantile(0.95));
        facts.put("max", values.max());
        return facts;
    }
}
