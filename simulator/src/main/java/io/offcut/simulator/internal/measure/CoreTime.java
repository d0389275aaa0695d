package io.offcut.simulator.internal.measure;

import java.util.Arrays;

/**
 * Core-milliseconds of several uses, in total and in rows of equal width. Totals are exact. When
 * there would be more than {@value #MAX_ROWS} rows their width doubles. For one thread.
 */
public final class CoreTime {
    /** What cores are used for. */
    public enum Use {
        /** A job computes. */
        JOB(0),
        /** A job holds the core, computing or not. */
        ALLOCATED(1),
        /** Idle, and advertised to the scheduling core. */
        OFFERED(2),
        /** A lease holds it. */
        LEASED(3),
        /** A lease holds it and has finished its start-up. */
        HARVESTED(4),
        /** A job has it, was measured not to compute on it, and that was offered. */
        UNUSED(5);

        private final int column;

        Use(int column) {
            this.column = column;
        }
    }

    private static final int MAX_ROWS = 100_000;
    private static final int USES = Use.values().length;

    private final long startMillis;
    private long rowMillis;
    private final long[] totals = new long[USES];
    private long[] rows = new long[USES * 64];
    private int usedRows;

    public CoreTime(long startMillis, long rowMillis) {
        this.startMillis = startMillis;
        this.rowMillis = rowMillis;
    }

    /** Counts {@code cores} cores from one time to another; both at least the start. */
    public void add(Use use, long fromMillis, long toMillis, long cores) {
        if (toMillis <= fromMillis || cores == 0) {
            return;
        }
        int column = use.column;
        totals[column] += (toMillis - fromMillis) * cores;
        makeRoomFor(toMillis);
        for (long from = fromMillis; from < toMillis; ) {
            long row = (from - startMillis) / rowMillis;
            long to = Math.min(toMillis, startMillis + (row + 1) * rowMillis);
            rows[(int) row * USES + column] += (to - from) * cores;
            from = to;
        }
    }

    private void makeRoomFor(long toMillis) {
        while (Math.ceilDiv(toMillis - startMillis, rowMillis) > MAX_ROWS) {
            halve();
        }
        int needed = (int) Math.ceilDiv(toMillis - startMillis, rowMillis);
        if (needed * USES > rows.length) {
            rows = Arrays.copyOf(rows, Math.max(needed, rows.length / USES * 2) * USES);
        }
        usedRows = Math.max(usedRows, needed);
    }

    private void halve() {
        long[] wider = new long[rows.length];
        for (int row = 0; row < usedRows; row++) {
            for (int column = 0; column < USES; column++) {
                wider[row / 2 * USES + column] += rows[row * USES + column];
            }
        }
        rows = wider;
        usedRows = (usedRows + 1) / 2;
        rowMillis *= 2;
    }

    /** Core-milliseconds in all. */
    public long total(Use use) {
        return totals[use.column];
    }

    /** Width of a row. */
    public long rowMillis() {
        return rowMillis;
    }

    public int rows() {
        return usedRows;
    }

    /** Core-milliseconds in one row. */
    public long inRow(int row, Use use) {
        return rows[row * USES + use.column];
    }
}
