package io.offcut.simulator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.IdleResult.Use;
import io.offcut.traces.WholeFile;
import io.offcut.traces.idle.IdleRecord;
import io.offcut.traces.idle.IdleStatistics;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Results of idle-node records as files: {@code idle.csv} and, last, {@code summary.json}, each
 * whole or not at all. One record and its policies always give the same bytes; shares have all
 * their digits.
 */
public final class IdleResultWriter {
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private IdleResultWriter() {}

    /**
     * Writes both files into a folder, which is made if it is missing.
     *
     * @throws OffcutException {@link ErrorCode#EXHAUSTED} if they cannot be written
     */
    public static void write(IdleRecord record, List<IdleResult> results, Path folder) {
        try {
            Files.createDirectories(folder);
            ResultWriter.forgetEarlier(folder);
            try (WholeFile whole = WholeFile.at(folder.resolve("idle.csv"))) {
                try (Writer out = new OutputStreamWriter(whole.out(), StandardCharsets.UTF_8)) {
                    writeSamples(record, results, out);
                }
                whole.done();
            }
            WholeFile.write(
                    folder.resolve("summary.json"),
                    (summaryJson(record, results) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw OffcutException.cannotWrite(folder, e);
        }
    }

    private static void writeSamples(IdleRecord record, List<IdleResult> results, Writer out)
            throws IOException {
        out.write("unix_seconds,idle,pilots");
        for (IdleResult result : results) {
            out.write(",ready_" + result.policy().name().replace('-', '_'));
        }
        out.write('\n');
        for (int sample = 0; sample < record.samples(); sample++) {
            out.write(record.unixSeconds(sample) + "," + record.idle(sample));
            out.write("," + record.pilots(sample));
            for (IdleResult result : results) {
                out.write("," + result.readyNodes(sample));
            }
            out.write('\n');
        }
    }

    /** The record's statistics, and all figures of all policies except those of single samples. */
    public static String summaryJson(IdleRecord record, List<IdleResult> results) {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("record", IdleStatistics.of(record));
        List<Object> policies = new ArrayList<>();
        for (IdleResult result : results) {
            policies.add(figures(record, result));
        }
        summary.put("policies", policies);
        try {
            return JSON.writeValueAsString(summary);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot write " + summary, e);
        }
    }

    private static Map<String, Object> figures(IdleRecord record, IdleResult result) {
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("policy", result.policy().name());
        figures.put("model", result.policy());
        figures.putAll(shares(result.use()));
        figures.put(
                "readyShareOfSamples",
                (double) result.readySamples() / Math.max(1, record.idleSamples()));
        figures.put("workers", result.workers());
        figures.put("samplesWithoutReady", result.samplesWithoutReady());
        figures.put("meanReadyNodes", result.meanReadyNodes());
        figures.put("readyNodeHours", result.readyNodeHours());
        Map<String, Object> readings = new LinkedHashMap<>();
        for (IdleResult.Read read : result.readings()) {
            Map<String, Object> one = new LinkedHashMap<>(shares(read.use()));
            one.put("idleNodeHours", read.use().idle() / 3_600_000.0);
            one.put("workers", read.leases());
            readings.put(read.reading().name().toLowerCase(Locale.ROOT), one);
        }
        if (!readings.isEmpty()) {
            figures.put("readings", readings);
        }
        return figures;
    }

    private static Map<String, Object> shares(Use use) {
        Map<String, Object> shares = new LinkedHashMap<>();
        shares.put("readyShare", use.readyShare());
        shares.put("warmUpShare", use.warmUpShare());
        shares.put("unusedShare", use.unusedShare());
        return shares;
    }
}
