package io.offcut.traces;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Batch jobs in primitive columns, one row a job: the fields of {@link SwfField}, and where the log
 * tells it, the nodes of each. A row takes {@value #BYTES_PER_JOB} bytes at most without its nodes:
 * a column that is unknown for every job takes none. Rows are numbered from 0 in the order they
 * were added. Unknown values are −1. Immutable, for use by any thread.
 */
public final class JobTable {
    /** What a row takes where every field is known, without its nodes. */
    public static final int BYTES_PER_JOB = 92;

    private static final SwfField[] FIELDS = SwfField.values();

    private final int size;
    // A column of length 0 is unknown for all jobs.
    private final int[][] ints;
    private final long[][] longs;
    private final double[] averageCpuSeconds;
    private final Placements placements;

    private JobTable(
            int size,
            int[][] ints,
            long[][] longs,
            double[] averageCpuSeconds,
            Placements placements) {
        this.size = size;
        this.ints = ints;
        this.longs = longs;
        this.averageCpuSeconds = averageCpuSeconds;
        this.placements = placements;
    }

    /** How many jobs there are. */
    public int size() {
        return size;
    }

    /** What the columns take, in bytes. */
    public long columnBytes() {
        long bytes = 8L * averageCpuSeconds.length + placements.columnBytes();
        for (SwfField field : FIELDS) {
            bytes += 4L * ints[field.column()].length + 8L * longs[field.column()].length;
        }
        return bytes;
    }

    /** Where the jobs ran; empty when the log does not tell. */
    public Placements placements() {
        return placements;
    }

    /** One value of any field; of {@link SwfField#AVERAGE_CPU} its whole part. */
    public long value(int row, SwfField field) {
        return switch (field.kind) {
            case INT -> intAt(field, row);
            case LONG -> longAt(field, row);
            case DOUBLE -> (long) averageCpuSeconds(row);
        };
    }

    /** All values of a row, by {@link SwfField#column()}. */
    public void values(int row, long[] into) {
        for (SwfField field : FIELDS) {
            into[field.column()] = value(row, field);
        }
    }

    private int intAt(SwfField field, int row) {
        int[] column = ints[field.column()];
        return column.length == 0 ? -1 : column[row];
    }

    private long longAt(SwfField field, int row) {
        long[] column = longs[field.column()];
        return column.length == 0 ? -1 : column[row];
    }

    public long job(int row) {
        return longAt(SwfField.JOB, row);
    }

    public long submitSeconds(int row) {
        return longAt(SwfField.SUBMIT, row);
    }

    public int waitSeconds(int row) {
        return intAt(SwfField.WAIT, row);
    }

    public int runSeconds(int row) {
        return intAt(SwfField.RUN, row);
    }

    public int procs(int row) {
        return intAt(SwfField.PROCS, row);
    }

    public double averageCpuSeconds(int row) {
        return averageCpuSeconds.length == 0 ? -1 : averageCpuSeconds[row];
    }

    /** Memory used by each processor, in KiB. */
    public long usedMemoryKib(int row) {
        return longAt(SwfField.USED_MEMORY, row);
    }

    public int requestedProcs(int row) {
        return intAt(SwfField.REQUESTED_PROCS, row);
    }

    public int requestedSeconds(int row) {
        return intAt(SwfField.REQUESTED_TIME, row);
    }

    /** Memory asked for by each processor, in KiB. */
    public long requestedMemoryKib(int row) {
        return longAt(SwfField.REQUESTED_MEMORY, row);
    }

    /** The rows ordered by submission, then job number, then row. A new array. */
    public int[] rowsBySubmission() {
        int[] rows = new int[size];
        Arrays.setAll(rows, row -> row);
        for (int width = 1; width < size && !isSorted(rows); width *= 2) {
            rows = merged(rows, width);
        }
        return rows;
    }

    private boolean isSorted(int[] rows) {
        for (int i = 1; i < size; i++) {
            if (compareRows(rows[i - 1], rows[i]) > 0) {
                return false;
            }
        }
        return true;
    }

    /** One pass of a merge sort from below: sorted runs of a width become runs of twice that. */
    private int[] merged(int[] rows, int width) {
        int[] merged = new int[size];
        for (long from = 0; from < size; from += 2L * width) {
            int left = (int) from;
            int middle = (int) Math.min(size, from + width);
            int right = middle;
            int end = (int) Math.min(size, from + 2L * width);
            for (int at = left, to = end; at < to; at++) {
                boolean fromLeft =
                        right == end
                                || (left < middle && compareRows(rows[left], rows[right]) <= 0);
                merged[at] = fromLeft ? rows[left++] : rows[right++];
            }
        }
        return merged;
    }

    private int compareRows(int a, int b) {
        int order = Long.compare(submitSeconds(a), submitSeconds(b));
        return order != 0 ? order : Long.compare(job(a), job(b));
    }

    /** Changes the values of a row before it is added to another table. */
    @FunctionalInterface
    public interface Edit {
        /**
         * Changes them in place.
         *
         * @param row in the table it comes from
         * @param values by {@link SwfField#column()}
         */
        void change(int row, long[] values);
    }

    /** A new table of these rows, in this order. */
    public JobTable select(int[] rows) {
        return select(rows, (row, values) -> {});
    }

    /** A new table of these rows, in this order, each changed on the way. */
    public JobTable select(int[] rows, Edit edit) {
        Builder builder = new Builder();
        builder.placements.nodesOf(placements);
        long[] values = new long[SwfField.COUNT];
        for (int row : rows) {
            values(row, values);
            edit.change(row, values);
            placements.copy(row, builder.placements);
            builder.add(values, averageCpuSeconds(row));
        }
        return builder.build();
    }

    /** The same with its nodes called by their number behind a prefix: {@code n1, n2}. */
    public JobTable withNodes(String prefix) {
        List<String> names = new ArrayList<>();
        for (int node = 1; node <= placements.nodes().size(); node++) {
            names.add(prefix + node);
        }
        return new JobTable(size, ints, longs, averageCpuSeconds, placements.renamed(names));
    }

    /** Collects rows. For one thread. */
    public static final class Builder {
        private static final int FIRST_CAPACITY = 64;

        private int size;
        private int capacity = FIRST_CAPACITY;
        private final int[][] ints = new int[SwfField.COUNT][];
        private final long[][] longs = new long[SwfField.COUNT][];
        private double[] averageCpuSeconds = new double[0];
        private Placements.Builder placements = new Placements.Builder();

        public Builder() {
            clear();
        }

        private void clear() {
            Arrays.fill(ints, new int[0]);
            Arrays.fill(longs, new long[0]);
            averageCpuSeconds = new double[0];
            placements = new Placements.Builder();
            size = 0;
            capacity = FIRST_CAPACITY;
        }

        /** Where the next job ran; to be told before it is added. */
        Placements.Builder placements() {
            return placements;
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
            if (size == capacity) {
                resize(size + (size >> 1));
            }
            for (SwfField field : FIELDS) {
                set(field, values[field.column()]);
            }
            if (averageCpuSeconds != -1 || this.averageCpuSeconds.length > 0) {
                setCpu(averageCpuSeconds);
            }
            placements.endJob();
            size++;
        }

        private void set(SwfField field, long value) {
            if (!field.holds(value)) {
                throw new IllegalArgumentException(
                        field + " of row " + size + " is out of range: " + value);
            }
            int column = field.column();
            switch (field.kind) {
                case INT -> {
                    if (value != -1 && ints[column].length == 0) {
                        ints[column] = new int[capacity];
                        Arrays.fill(ints[column], 0, size, -1);
                    }
                    if (ints[column].length > 0) {
                        ints[column][size] = (int) value;
                    }
                }
                case LONG -> {
                    if (value != -1 && longs[column].length == 0) {
                        longs[column] = new long[capacity];
                        Arrays.fill(longs[column], 0, size, -1);
                    }
                    if (longs[column].length > 0) {
                        longs[column][size] = value;
                    }
                }
                case DOUBLE -> {}
            }
        }

        private void setCpu(double seconds) {
            if (averageCpuSeconds.length == 0) {
                averageCpuSeconds = new double[capacity];
                Arrays.fill(averageCpuSeconds, 0, size, -1);
            }
            averageCpuSeconds[size] = seconds;
        }

        /** One column after the other, so that little is held twice. */
        private void resize(int newCapacity) {
            capacity = newCapacity;
            for (SwfField field : FIELDS) {
                int column = field.column();
                if (ints[column].length > 0) {
                    ints[column] = Arrays.copyOf(ints[column], newCapacity);
                }
                if (longs[column].length > 0) {
                    longs[column] = Arrays.copyOf(longs[column], newCapacity);
                }
            }
            if (averageCpuSeconds.length > 0) {
                averageCpuSeconds = Arrays.copyOf(averageCpuSeconds, newCapacity);
            }
        }

        /** How many jobs were added. */
        public int size() {
            return size;
        }

        /** The table of all jobs added, without slack. The builder starts empty again. */
        public JobTable build() {
            resize(size);
            JobTable table =
                    new JobTable(
                            size,
                            ints.clone(),
                            longs.clone(),
                            averageCpuSeconds,
                            placements.build(size));
            clear();
            return table;
        }
    }
}
