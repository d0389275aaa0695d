package io.offcut.traces.idle;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.Complaints;
import io.offcut.traces.Complaints.Kind;
import io.offcut.traces.LogInput;
import io.offcut.traces.LogInput.Content;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Samples of a machine as a whole, as of Piz Daint (Copik, Chrapek, Schmid, Calotoiu, Hoefler:
 * "Software Resource Disaggregation for HPC with Serverless Computing", IPDPS 2024): rows with the
 * columns {@code date}, {@code idle_cpus}, {@code partially_free_mem}, {@code free_mem}, {@code
 * idle_nodes}, {@code total_nodes} in any order among others; shares are of the whole machine. Not
 * changed once it is read; for any thread.
 */
public final class UtilizationRecord {
    private static final String[] NEEDED = {
        "date", "idle_cpus", "partially_free_mem", "free_mem", "idle_nodes", "total_nodes"
    };
    private static final int DATE = 0;
    private static final int IDLE_CPUS = 1;
    private static final int FREE_IN_ALLOCATED = 2;
    private static final int FREE_ELSEWHERE = 3;
    private static final int IDLE_NODES = 4;
    private static final int TOTAL_NODES = 5;

    private final List<double[]> rows = new ArrayList<>();
    private String firstDate = "";
    private String lastDate = "";
    private final Complaints complaints;

    private UtilizationRecord(Complaints complaints) {
        this.complaints = complaints;
    }

    /** Whether a file begins as one of these does. */
    public static boolean isOne(Path path) {
        try (SampleLines lines = new SampleLines(LogInput.open(path, Content.SAMPLES))) {
            String first = lines.peek();
            return first != null && Arrays.asList(first.split(",", -1)).contains(NEEDED[IDLE_CPUS]);
        }
    }

    /**
     * Reads a file, plain, gzip or zstd.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND}, {@link ErrorCode#FORBIDDEN} or {@link
     *     ErrorCode#INVALID_INPUT} if it cannot be read, lacks a column or holds no sample
     */
    public static UtilizationRecord read(Path path) {
        return read(new SampleLines(LogInput.open(path, Content.SAMPLES)));
    }

    /** Reads a stream, and closes it. */
    public static UtilizationRecord read(InputStream stream, String source) {
        return read(new SampleLines(LogInput.of(stream, source, Content.SAMPLES)));
    }

    private static UtilizationRecord read(SampleLines lines) {
        try (lines) {
            UtilizationRecord record = new UtilizationRecord(lines.complaints);
            int[] columns = columns(lines);
            for (String line = lines.peek(); line != null; line = lines.peek()) {
                record.add(line, columns, lines);
                lines.take();
            }
            if (record.rows.isEmpty()) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT,
                        lines.source() + " holds no sample of a machine; check the file");
            }
            return record;
        }
    }

    private static int[] columns(SampleLines lines) {
        String head = lines.peek();
        List<String> names = head == null ? List.of() : Arrays.asList(head.split(",", -1));
        int[] columns = new int[NEEDED.length];
        for (int n = 0; n < NEEDED.length; n++) {
            columns[n] = names.indexOf(NEEDED[n]);
            if (columns[n] < 0) {
                throw new OffcutException(
                        ErrorCode.INVALID_INPUT,
                        lines.source()
                                + ", line 1: no column "
                                + NEEDED[n]
                                + "; the columns are in docs/reference/idle-samples.md");
            }
        }
        lines.take();
        return columns;
    }

    private void add(String line, int[] columns, SampleLines lines) {
        String[] fields = line.split(",", -1);
        double[] row = new double[NEEDED.length];
        for (int n = 0; n < NEEDED.length; n++) {
            if (columns[n] >= fields.length) {
                lines.complain(Kind.NOT_A_RECORD, line);
                return;
            }
            if (n != DATE) {
                row[n] = number(fields[columns[n]]);
                if (!(row[n] >= 0 && row[n] <= Integer.MAX_VALUE)) {
                    lines.complain(Kind.NOT_A_NUMBER, fields[columns[n]]);
                    return;
                }
            }
        }
        lastDate = fields[columns[DATE]].strip();
        firstDate = rows.isEmpty() ? lastDate : firstDate;
        rows.add(row);
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private SortedValues percent(int first, int second) {
        return SortedValues.of(
                rows.stream()
                        .mapToDouble(row ->
                                100 * (first == second ? row[first] : row[first] + row[second]))
                        .toArray());
    }

    public int samples() {
        return rows.size();
    }

    /** As it is written in the first row. */
    public String firstDate() {
        return firstDate;
    }

    public String lastDate() {
        return lastDate;
    }

    /** CPUs that no job had, in percent of all. */
    public SortedValues idleCpuPercent() {
        return percent(IDLE_CPUS, IDLE_CPUS);
    }

    /** Memory that nobody used, in percent of all. */
    public SortedValues freeMemoryPercent() {
        return percent(FREE_IN_ALLOCATED, FREE_ELSEWHERE);
    }

    /** Unused memory of nodes that jobs had, in percent of all memory. */
    public SortedValues freeMemoryOfAllocatedPercent() {
        return percent(FREE_IN_ALLOCATED, FREE_IN_ALLOCATED);
    }

    /** Nodes that no job had. */
    public SortedValues idleNodes() {
        return SortedValues.of(rows.stream().mapToDouble(row -> row[IDLE_NODES]).toArray());
    }

    /** The most nodes that the machine had in a sample. */
    public int nodes() {
        return (int) rows.stream().mapToDouble(row -> row[TOTAL_NODES]).max().orElse(0);
    }

    /** What was wrong with the file. */
    public Complaints complaints() {
        return complaints;
    }
}
