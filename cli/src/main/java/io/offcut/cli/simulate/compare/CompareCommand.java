package io.offcut.cli.simulate.compare;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.cli.FormatOption;
import io.offcut.cli.Io;
import io.offcut.cli.OutputFiles;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.cli.simulate.figures.Summary;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut simulate compare}: two results of the same log. */
@Command(
        name = "compare",
        sortOptions = false,
        description = {
            "Says in what two results differ.",
            "That is each figure, and what became of each job. A difference is B less A."
        },
        footer = {
            "",
            "Examples:",
            "  offcut simulate compare results-fcfs results-easy",
            "  offcut simulate compare old new --fail-on-worse batch.meanWaitSeconds:+5"
        })
public final class CompareCommand implements Callable<Integer> {
    private static final String SUMMARY = "summary.json";
    private static final String JOBS = "jobs.csv";
    private static final String RECORD = "record";

    /** Says in one long line what other settings say apart. */
    private static final String COMMAND_LINE = "run.commandLine";

    private final Io io;

    @Parameters(index = "0", paramLabel = "A", description = "Folder that simulate --out wrote.")
    private Path a = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "Another.")
    private Path b = Path.of("");

    @Option(names = "--force", description = "Even if they are of different logs.")
    private boolean force;

    @Option(
            names = "--fail-on-worse",
            paramLabel = "FIGURE:±PERCENT",
            description =
                    "Exit code 1 if B's figure is above A's by more than +PERCENT, or below by"
                            + " more than -PERCENT. May be repeated.")
    private List<String> bounds = List.of();

    @Option(
            names = "--jobs-out",
            paramLabel = "FILE",
            description = "Also both waits of each job, as CSV.")
    private @Nullable Path jobsOut;

    @Mixin private FormatOption format = new FormatOption();

    /** Of this process. */
    public CompareCommand() {
        this(Io.system());
    }

    public CompareCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() {
        List<Bound> parsed = bounds.stream().map(Bound::parse).toList();
        JsonNode first = ResultJson.read(a.resolve(SUMMARY));
        JsonNode second = ResultJson.read(b.resolve(SUMMARY));
        checkKinds(first, second);
        checkFiles(first, second);
        checkSamples(first.path(RECORD), second.path(RECORD));
        JobComparison jobs = ofIdle(first) ? null : jobs();
        Summary before = Summary.of(first);
        Summary after = Summary.of(second);
        Comparison comparison =
                new Comparison(settings(before, after), FigureComparison.of(before, after), jobs);
        if (format.json()) {
            io.print(ResultJson.text(comparison.json(a, b)));
        } else {
            io.print(new ComparisonText(comparison, io.terminal()).text());
        }
        return worse(parsed, comparison.figures()) ? ErrorCode.ITEMS_FAILED.exitCode() : 0;
    }

    private boolean worse(List<Bound> parsed, List<FigureComparison> figures) {
        List<String> worse =
                parsed.stream()
                        .map(bound -> bound.worse(figures))
                        .filter(Objects::nonNull)
                        .toList();
        worse.forEach(io::say);
        return !worse.isEmpty();
    }

    /** Not one of their figures is of the same thing. */
    private void checkKinds(JsonNode first, JsonNode second) {
        if (ofIdle(first) != ofIdle(second)) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "compare: "
                            + (ofIdle(first) ? a : b)
                            + " is a result of 'simulate idle' and "
                            + (ofIdle(first) ? b : a)
                            + " one of 'simulate': give two of the same command");
        }
    }

    private static boolean ofIdle(JsonNode summary) {
        return summary.has(RECORD);
    }

    /** Results of sweeps say of which files they are. */
    private void checkFiles(JsonNode first, JsonNode second) {
        JsonNode filesA = first.path(Summary.SWEEP).path("files");
        JsonNode filesB = second.path(Summary.SWEEP).path("files");
        if (!force && filesA.isObject() && filesB.isObject() && !filesA.equals(filesB)) {
            throw differentLogs("the files they were made of differ");
        }
    }

    /** Results of idle nodes begin with what the samples say. */
    private void checkSamples(JsonNode first, JsonNode second) {
        if (!force && !first.equals(second)) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "compare: results of different samples: --force compares what is in both");
        }
    }

    private @Nullable JobComparison jobs() {
        Path jobsA = a.resolve(JOBS);
        Path jobsB = b.resolve(JOBS);
        if (!Files.exists(jobsA) || !Files.exists(jobsB)) {
            io.say(
                    "no "
                            + (Files.exists(jobsA) ? jobsB : jobsA)
                            + ": only figures are compared, and whether the log is the same is"
                            + " not known");
            return null;
        }
        JobPairs pairs = JobPairs.of(JobRows.read(jobsA), JobRows.read(jobsB));
        if (!force && pairs.onlyA() + pairs.onlyB() > 0) {
            throw differentLogs(
                    pairs.onlyA() + " jobs are in A alone, " + pairs.onlyB() + " in B alone");
        }
        if (jobsOut != null) {
            OutputFiles.write(jobsOut, pairs.csv().getBytes(StandardCharsets.UTF_8));
        }
        return pairs.size() == 0 ? null : JobComparison.of(pairs);
    }

    private static OffcutException differentLogs(String why) {
        return new OffcutException(
                ErrorCode.CONFLICT,
                "compare: results of different logs: "
                        + why
                        + ": --force compares what is in both");
    }

    /** Those that differ, with both values. */
    private static Map<String, List<String>> settings(Summary first, Summary second) {
        Map<String, List<String>> differences = new LinkedHashMap<>();
        Map<String, String> all = new TreeMap<>(first.settings());
        all.putAll(second.settings());
        for (String name : all.keySet()) {
            String from = first.settings().getOrDefault(name, "-");
            String to = second.settings().getOrDefault(name, "-");
            if (!from.equals(to) && !name.equals(COMMAND_LINE)) {
                differences.put(name, List.of(from, to));
            }
        }
        return differences;
    }
}
