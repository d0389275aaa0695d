package io.offcut.cli.simulate.compare;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The columns of a {@code jobs.csv} that are compared, row by row. */
final class JobRows {
    private static final int FIRST_ROWS = 1024;
    private static final String JOB = "job";
    private static final String SUBMIT = "submit";
    private static final String START = "start";
    private static final String SLOWDOWN = "slowdown";

    private final Path file;
    private final int[] columns;
    private int size;
    private long[] jobs = new long[FIRST_ROWS];
    private double[] submits = new double[FIRST_ROWS];
    private double[] starts = new double[FIRST_ROWS];
    private double[] slowdowns = new double[FIRST_ROWS];

    private JobRows(Path file, String head) {
        this.file = file;
        List<String> names = List.of(head.split(",", -1));
        columns = new int[names.size()];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = List.of(JOB, SUBMIT, START, SLOWDOWN).indexOf(names.get(i));
        }
        if (Arrays.stream(columns).filter(column -> column >= 0).count() != 4) {
            throw refused(
                    "the first line does not name "
                            + JOB
                            + ", "
                            + SUBMIT
                            + ", "
                            + START
                            + " and "
                            + SLOWDOWN);
        }
    }

    /**
     * Reads a file.
     *
     * @throws OffcutException {@link ErrorCode#INVALID_INPUT} with the line
     */
    static JobRows read(Path file) {
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            String head = in.readLine();
            JobRows rows = new JobRows(file, head == null ? "" : head);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                rows.add(line);
            }
            return rows;
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.INVALID_INPUT, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private void add(String line) {
        if (size == jobs.length) {
            jobs = Arrays.copyOf(jobs, 2 * size);
            submits = Arrays.copyOf(submits, 2 * size);
            starts = Arrays.copyOf(starts, 2 * size);
            slowdowns = Arrays.copyOf(slowdowns, 2 * size);
        }
        int from = 0;
        for (int i = 0; i < columns.length; i++) {
            int comma = i + 1 < columns.length ? line.indexOf(',', from) : line.length();
            if (comma < 0) {
                throw refused("line " + (size + 2) + " has too few columns");
            }
            try {
                set(columns[i], line.substring(from, comma));
            } catch (NumberFormatException e) {
                throw refused("line " + (size + 2) + ", column " + (i + 1) + " is no number");
            }
            from = comma + 1;
        }
        size++;
    }

    private void set(int column, String text) {
        switch (column) {
            case 0 -> jobs[size] = Long.parseLong(text);
            case 1 -> submits[size] = Double.parseDouble(text);
            case 2 -> starts[size] = Double.parseDouble(text);
            case 3 -> slowdowns[size] = Double.parseDouble(text);
            default -> {
                // not compared
            }
        }
    }

    private OffcutException refused(String why) {
        return new OffcutException(ErrorCode.INVALID_INPUT, file + ": " + why);
    }

    int size() {
        return size;
    }

    long job(int row) {
        return jobs[row];
    }

    double submit(int row) {
        return submits[row];
    }

    double start(int row) {
        return starts[row];
    }

    double waitSeconds(int row) {
        return starts[row] - submits[row];
    }

    double slowdown(int row) {
        return slowdowns[row];
    }
}
