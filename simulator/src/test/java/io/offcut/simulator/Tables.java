package io.offcut.simulator;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import java.util.Arrays;

/** Small job tables, written out by hand. */
final class Tables {
    private Tables() {}

    /**
     * Rows of submit, wait, run, procs, requested seconds and, where there is one more, requested
     * memory of each processor in KiB; job numbers count from 1.
     */
    static JobTable of(long[]... rows) {
        JobTable.Builder builder = new JobTable.Builder();
        for (long[] row : rows) {
            long[] values = new long[SwfField.COUNT];
            Arrays.fill(values, -1);
            values[SwfField.JOB.column()] = builder.size() + 1L;
            values[SwfField.SUBMIT.column()] = row[0];
            values[SwfField.WAIT.column()] = row[1];
            values[SwfField.RUN.column()] = row[2];
            values[SwfField.PROCS.column()] = row[3];
            values[SwfField.REQUESTED_TIME.column()] = row[4];
            values[SwfField.REQUESTED_MEMORY.column()] = row.length > 5 ? row[5] : -1;
            builder.add(values, -1);
        }
        return builder.build();
    }

    /** One job of which CPU time and memory of each processor were measured; −1 for not. */
    static JobTable measured(long[] row, double cpuSeconds, long memoryKib) {
        return measured(cpuSeconds, memoryKib, row);
    }

    /** The same of several jobs, with equal measurements. */
    static JobTable measured(double cpuSeconds, long memoryKib, long[]... rows) {
        JobTable.Builder builder = new JobTable.Builder();
        for (long[] row : rows) {
            long[] values = new long[SwfField.COUNT];
            Arrays.fill(values, -1);
            values[SwfField.JOB.column()] = builder.size() + 1L;
            values[SwfField.SUBMIT.column()] = row[0];
            values[SwfField.WAIT.column()] = row[1];
            values[SwfField.RUN.column()] = row[2];
            values[SwfField.PROCS.column()] = row[3];
            values[SwfField.USED_MEMORY.column()] = memoryKib;
            builder.add(values, cpuSeconds);
        }
        return builder.build();
    }

    static long[] job(long submit, long wait, long run, long procs, long requested) {
        return new long[] {submit, wait, run, procs, requested};
    }

    /** A job that asks for memory. */
    static long[] job(
            long submit, long wait, long run, long procs, long requested, long memoryKib) {
        return new long[] {submit, wait, run, procs, requested, memoryKib};
    }

    /** The same table with the waits of a schedule. */
    static JobTable withWaits(JobTable jobs, JobSchedule schedule) {
        JobTable.Builder builder = new JobTable.Builder();
        for (int index = 0; index < schedule.size(); index++) {
            int row = schedule.row(index);
            long[] values = new long[SwfField.COUNT];
            for (SwfField field : SwfField.values()) {
                values[field.column()] = jobs.value(row, field);
            }
            values[SwfField.WAIT.column()] = schedule.waitSeconds(index);
            builder.add(values, -1);
        }
        return builder.build();
    }
}
