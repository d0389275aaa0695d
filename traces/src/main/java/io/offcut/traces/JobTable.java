package io.offcut.traces;

import java.util.Arrays;

/**
 * Batch jobs in primitive columns, one row a job: the fields of {@link SwfField}, {@value
 * #BYTES_PER_JOB} bytes each. Rows are numbered from 0 in the order they were added. Unknown values
 * are −1. Immutable, for use by any thread.
 */
public final class JobTable {
    /** What a row takes. */
    public static final int BYTES_PER_JOB = 92;

    private static final SwfField[] FIELDS = SwfField.values();

    private final int size;
    private final int[][] ints;
    private final long[][] longs;
    private final double[] averageCpuSeconds;

    private JobTable(int size, int[][] ints, long[][] longs, double[] averageCpuSeconds) {
        this.size = size;
        this.ints = ints;
        this.longs = longs;
        this.averageCpuSeconds = averageCpuSeconds;
    }

    /** How many jobs there are. */
    public int size() {
        return size;
    }

    /** One value of any field; of {@link SwfField#AVERAGE_CPU} its whole part. */
    public long value(int row, SwfField field) {
        int column = field.column();
        return switch (field.kind) {
            case INT -> ints[column][row];
            case LONG -> longs[column][row];
            case DOUBLE -> (long) averageCpuSeconds[row];
        };
    }

    public long job(int row) {
        return longs[SwfField.JOB.column()][row];
    }

    public long submitSeconds(int row) {
        return longs[SwfField.SUBMIT.column()][row];
    }

    public int waitSeconds(int row) {
        return ints[SwfField.WAIT.column()][row];
    }

    public int runSeconds(int row) {
        return ints[SwfField.RUN.column()][row];
    }

    public int procs(int row) {
        return ints[SwfField.PROCS.column()][row];
    }

    public double averageCpuSeconds(int row) {
        return averageCpuSeconds[row];
    }

    /** Memory used by each processor, in KiB. */
    public long usedMemoryKib(int row) {
        return longs[SwfField.USED_MEMORY.column()][row];
    }

    public int requestedProcs(int row) {
        return ints[SwfField.REQUESTED_PROCS.column()][row];
    }

    public int requestedSeconds(int row) {
        return ints[SwfField.REQUESTED_TIME.column()][row];
    }

    /** Memory asked for by each processor, in KiB. */
    public long requestedMemoryKib(int row) {
        return longs[SwfField.REQUESTED_MEMORY.column()][row];
    }

    /** The rows ordered by submission, then job number, then row. A new array. */
    public int[] rowsBySubmission() {
        int[] rows = new int[size];
        Arrays.setAll(rows, row -> row);
        if (!isSorted()) {
            sort(rows);
        }
        return rows;
    }

    /** Sorts pairs of a time and a row, as one number each where they fit, not objects. */
    private void sort(int[] rows) {
        long[] submits = longs[SwfField.SUBMIT.column()];
        long first = Arrays.stream(submits).min().orElse(0);
        long last = Arrays.stream(submits).max().orElse(0);
        if (last - first < 0 || last - first > Integer.MAX_VALUE) {
            sort(rows, 0, size);
            return;
        }
        long[] keys = new long[size];
        for (int row = 0; row < size; row++) {
            keys[row] = (submits[row] - first) << 32 | row;
        }
        Arrays.sort(keys);
        int from = 0;
        for (int at = 0; at < size; at++) {
            rows[at] = (int) keys[at];
            if (submits[rows[at]] != submits[rows[from]]) {
                sort(rows, from, at);
                from = at;
            }
        }
        sort(rows, from, size);
    }

    private void sort(int[] rows, int from, int to) {
        if (to - from > 1) {
            Integer[] part = new Integer[to - from];
            Arrays.setAll(part, at -> rows[from + at]);
            Arrays.sort(part, this::compareRows);
            for (int at = from; at < to; at++) {
                rows[at] = part[at - from];
            }
        }
    }

    private boolean isSorted() {
        for (int row = 1; row < size; row++) {
            if (compareRows(row - 1, row) > 0) {
                return false;
            }
        }
        return true;
    }

    private int compareRows(int a, int b) {
        int order = Long.compare(submitSeconds(a), submitSeconds(b));
        return order != 0 ? order : Long.compare(job(a), job(b));
    }

    /** Collects rows. For one thread. */
    public static final class Builder {
        private int size;
        private final int[][] ints = new int[SwfField.COUNT][];
        private final long[][] longs = new long[SwfField.COUNT][];
        private double[] averageCpuSeconds = new double[0];

        public Builder() {
            Arrays.fill(ints, new int[0]);
            Arrays.fill(longs, new long[0]);
            grow(64);
        }

        /**
         * Adds one job.
         *
         * @param values by {@link SwfField#column()}; that of {@link SwfField#AVERAGE_CPU} is
         *     ignored
         * @param averageCpuSeconds of {@link SwfField#AVERAGE_CPU}
         * @throws IllegalArgumentException if a value does not fit its column
         */
        public void add(long[] values, double averageCpuSeconds) {
            if (size == this.averageCpuSeconds.length) {
                grow(size + (size >> 1));
            }
            for (SwfField field : FIELDS) {
                set(field, values[field.column()]);
            }
            this.averageCpuSeconds[size++] = averageCpuSeconds;
        }

        private void set(SwfField field, long value) {
            int column = field.column();
            if (!field.holds(value)) {
                throw new IllegalArgumentException(
                        field + " of row " + size + " is out of range: " + value);
            }
            switch (field.kind) {
                case INT -> ints[column][size] = (int) value;
                case LONG -> longs[column][size] = value;
                case DOUBLE -> {}
            }
        }

        private void grow(int capacity) {
            for (SwfField field : FIELDS) {
                int column = field.column();
                switch (field.kind) {
                    case INT -> ints[column] = Arrays.copyOf(ints[column], capacity);
                    case LONG -> longs[column] = Arrays.copyOf(longs[column], capacity);
                    case DOUBLE -> averageCpuSeconds = Arrays.copyOf(averageCpuSeconds, capacity);
                }
            }
        }

        /** How many jobs were added. */
        public int size() {
            return size;
        }

        /** The table of all jobs added, without slack. The builder starts empty again. */
        public JobTable build() {
            grow(size);
            JobTable table = new JobTable(size, ints.clone(), longs.clone(), averageCpuSeconds);
            size = 0;
            grow(64);
            return table;
        }
    }
}
