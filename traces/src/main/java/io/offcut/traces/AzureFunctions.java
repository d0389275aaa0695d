package io.offcut.traces;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.LogInput.Content;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Reads the function traces that Microsoft published from Azure:
 *
 * <ul>
 *   <li>2019, a folder of CSV files told apart by their columns: calls of each function in each
 *       minute, percentiles of its duration, and percentiles of its application's memory. Shahrad
 *       et al., "Serverless in the Wild", USENIX ATC 2020. One call of a minute arrives at a
 *       uniform time in it and lasts as the percentiles say, joined by straight lines; both are
 *       drawn from the seed and the function's name, so that one seed gives one trace.
 *   <li>2021, a CSV file with the end and the duration of each call. Zhang et al., "Faster and
 *       Cheaper Serverless Computing on Harvested Resources", SOSP 2021. It does not tell memory.
 * </ul>
 */
public final class AzureFunctions {
    private static final int MAX_LINE_BYTES = 256 * 1024;
    private static final int MINUTE_MILLIS = 60_000;
    static final String EXPECTED =
            "give the folder of Azure's 2019 trace or the file of its 2021 trace";
    private static final int[] PERCENTILES = {0, 1, 25, 50, 75, 99, 100};

    /** Not in what was published: memory of the function, where a trace of this form tells it. */
    static final String MEMORY_BYTES = "memory_bytes";

    private static final String PERCENTILE = "percentile_average_";

    private final long seed;
    private final Complaints complaints = new Complaints();
    private final FunctionTrace.Builder trace = new FunctionTrace.Builder(complaints);
    private final Map<String, Integer> functions = new HashMap<>();
    private final Map<String, double[]> durations = new HashMap<>();
    private final Map<String, Long> memoryBytes = new HashMap<>();

    private AzureFunctions(long seed) {
        this.seed = seed;
    }

    /**
     * Reads a folder of the 2019 trace or a file of the 2021 trace; files plain, gzip or zstd.
     *
     * @param seed of what the 2019 trace leaves open
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} or {@link ErrorCode#INVALID_INPUT}
     */
    public static FunctionTrace read(Path path, long seed) {
        if (!Files.exists(path)) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "no function trace at " + path + "; check the path");
        }
        AzureFunctions reader = new AzureFunctions(seed);
        if (Files.isDirectory(path)) {
            reader.folder(path);
        } else {
            reader.file2021(path);
        }
        return reader.trace.build();
    }

    private void folder(Path folder) {
        List<Path> days = new ArrayList<>();
        for (Path file : files(folder)) {
            try (CsvLines lines =
                    new CsvLines(
                            LogInput.open(file, Content.FUNCTION_TRACE),
                            MAX_LINE_BYTES,
                            complaints)) {
                if (firstMinute(lines) >= 0) {
                    days.add(file);
                } else if (lines.column(PERCENTILE + 50) >= 0) {
                    durations(lines);
                } else if (lines.column("averageallocatedmb") >= 0) {
                    memory(lines);
                }
            }
        }
        if (days.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT,
                    "no calls by the minute in the folder " + folder + "; " + EXPECTED);
        }
        for (int day = 0; day < days.size(); day++) {
            try (CsvLines lines =
                    new CsvLines(
                            LogInput.open(days.get(day), Content.FUNCTION_TRACE),
                            MAX_LINE_BYTES,
                            complaints)) {
                calls(lines, day);
            }
        }
    }

    private static List<Path> files(Path folder) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, Files::isRegularFile)) {
            for (Path file : found) {
                if (file.toString().toLowerCase(Locale.ROOT).contains(".csv")) {
                    files.add(file);
                }
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "cannot read the folder " + folder, e);
        }
        Collections.sort(files);
        return files;
    }

    /** Column of minute 1: {@code minute_1}, or {@code 1} as it was published. */
    private static int firstMinute(CsvLines lines) {
        int named = lines.column("minute_1");
        return named >= 0 ? named : lines.column("1");
    }

    private void durations(CsvLines lines) {
        int function = lines.column("hashfunction");
        while (lines.next()) {
            double[] points = new double[PERCENTILES.length];
            boolean known = true;
            for (int i = 0; i < points.length; i++) {
                points[i] = lines.number(lines.column(PERCENTILE + PERCENTILES[i]));
                known &= points[i] >= 0 && points[i] <= Integer.MAX_VALUE;
            }
            if (known) {
                durations.putIfAbsent(lines.text(function), points);
            } else {
                lines.complain(Kind.NOT_A_NUMBER);
            }
        }
    }

    private void memory(CsvLines lines) {
        int app = lines.column("hashapp");
        int average = lines.column("averageallocatedmb");
        while (lines.next()) {
            double mib = lines.number(average);
            if (mib >= 0 && mib <= Integer.MAX_VALUE) {
                memoryBytes.putIfAbsent(lines.text(app), (long) (mib * (1 << 20)));
            } else {
                lines.complain(Kind.NOT_A_NUMBER);
            }
        }
    }

    private void calls(CsvLines lines, int day) {
        int function = lines.column("hashfunction");
        int app = lines.column("hashapp");
        int first = firstMinute(lines);
        while (lines.next()) {
            String name = lines.text(function);
            long bytes = memoryBytes.getOrDefault(lines.text(app), -1L);
            int index = functions.computeIfAbsent(name, n -> trace.function(n, bytes));
            SplittableRandom random = new SplittableRandom(mixed(name) + day);
            double[] points = durations.getOrDefault(name, new double[0]);
            for (int column = first; column < lines.columns(); column++) {
                long minute = day * 1440L + column - first;
                long count = lines.whole(column);
                if (count < 0) {
                    lines.complain(Kind.FIELD_UNREADABLE);
                } else if (count > FunctionTrace.MAX_CALLS - trace.calls()) {
                    throw tooMany(lines);
                } else {
                    minute(index, minute, count, points, random);
                }
            }
        }
    }

    private static OffcutException tooMany(CsvLines lines) {
        return new OffcutException(
                ErrorCode.TOO_LARGE,
                "the function trace "
                        + lines.source()
                        + " has more than "
                        + FunctionTrace.MAX_CALLS
                        + " calls; give fewer functions or days");
    }

    private void minute(
            int function, long minute, long count, double[] points, SplittableRandom random) {
        for (long call = 0; call < count; call++) {
            long within = Math.floorMod(random.nextLong() >>> 1, (long) MINUTE_MILLIS);
            double part = (random.nextLong() >>> 11) * 0x1.0p-53;
            trace.call(function, minute * MINUTE_MILLIS + within, Math.round(at(points, part)));
        }
    }

    /** The duration below which this part of the calls lies; 0 if durations are unknown. */
    private static double at(double[] points, double part) {
        if (points.length == 0) {
            return 0;
        }
        double percent = part * 100;
        int i = 1;
        while (percent > PERCENTILES[i]) {
            i++;
        }
        double along = (percent - PERCENTILES[i - 1]) / (PERCENTILES[i] - PERCENTILES[i - 1]);
        return points[i - 1] + along * (points[i] - points[i - 1]);
    }

    /** The seed of one function: FNV-1a over its name, so that no order matters. */
    private long mixed(String name) {
        long hash = 0xcbf29ce484222325L ^ seed;
        for (int at = 0; at < name.length(); at++) {
            hash = (hash ^ name.charAt(at)) * 0x100000001b3L;
        }
        return hash;
    }

    private void file2021(Path file) {
        try (CsvLines lines =
                new CsvLines(
                        LogInput.open(file, Content.FUNCTION_TRACE), MAX_LINE_BYTES, complaints)) {
            int app = lines.column("app");
            int function = lines.column("func");
            int end = lines.column("end_timestamp");
            int duration = lines.column("duration");
            int memory = lines.column(MEMORY_BYTES);
            if (function < 0 || end < 0 || duration < 0) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT,
                        "the file " + file + " is no function trace; " + EXPECTED);
            }
            while (lines.next()) {
                double seconds = lines.number(duration);
                double ended = lines.number(end);
                String name = lines.text(app) + "/" + lines.text(function);
                if (seconds < 0 || ended < 0) {
                    lines.complain(Kind.NOT_A_NUMBER);
                    continue;
                }
                long bytes = memory < 0 ? -1 : lines.whole(memory);
                int index = functions.computeIfAbsent(name, n -> trace.function(n, bytes));
                // A call that ran when the trace began arrives with it.
                long arrival = Math.max(0, Math.round((ended - seconds) * 1000));
                if (trace.calls() == FunctionTrace.MAX_CALLS) {
                    throw tooMany(lines);
                }
                if (!trace.call(index, arrival, Math.round(seconds * 1000))) {
                    lines.complain(Kind.OUT_OF_RANGE);
                }
            }
        }
    }
}
