package io.offcut.traces.analysis;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfLog.Window;
import java.util.Arrays;

/**
 * The jobs that ran, in the order of their starts, and of their ends. Where the log does not tell
 * waits there is no schedule, and {@link #rows} is empty. Immutable.
 */
final class Schedule {
    private static final int ROW_BITS = 31;
    private static final long MAX_SECONDS = 1L << 32;

    private final JobTable jobs;

    /** Rows by start. */
    final int[] rows;

    /** Rows by end. */
    final int[] rowsByEnd;

    Schedule(JobTable jobs) {
        this.jobs = jobs;
        long[] starts = new long[jobs.size()];
        long[] ends = new long[jobs.size()];
        int kept = 0;
        for (int row = 0; row < jobs.size(); row++) {
            long start = start(row);
            if (ran(row) && start > -MAX_SECONDS && end(row) < MAX_SECONDS) {
                starts[kept] = (start << ROW_BITS) | row;
                ends[kept++] = (end(row) << ROW_BITS) | row;
            }
        }
        this.rows = sorted(starts, kept);
        this.rowsByEnd = sorted(ends, kept);
    }

    private static int[] sorted(long[] keys, int count) {
        Arrays.sort(keys, 0, count);
        int[] rows = new int[count];
        Arrays.setAll(rows, at -> (int) (keys[at] & Integer.MAX_VALUE));
        return rows;
    }

    private boolean ran(int row) {
        return jobs.waitSeconds(row) >= 0 && jobs.runSeconds(row) > 0 && jobs.procs(row) > 0;
    }

    long start(int row) {
        return jobs.submitSeconds(row) + jobs.waitSeconds(row);
    }

    long end(int row) {
        return start(row) + jobs.runSeconds(row);
    }

    int procs(int row) {
        return jobs.procs(row);
    }

    /** From the first start to the last end. */
    Window window() {
        return rows.length == 0
                ? new Window(0, 0)
                : new Window(start(rows[0]), end(rowsByEnd[rows.length - 1]));
    }
}
