package io.offcut.simulator.internal.functions;

import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.traces.JobTable;

/**
 * What a job uses of what it holds, as far as its log was measured: average CPU time over run time,
 * and resident memory. Where nothing was measured it uses all. Immutable.
 */
final class JobUse {
    private static final int PERMILLE = 1000;

    private final JobTable table;
    private final BatchJobs jobs;
    private final boolean measured;

    /**
     * @param measured whether measurements count; otherwise a job uses what it asked for
     */
    JobUse(JobTable table, BatchJobs jobs, boolean measured) {
        this.table = table;
        this.jobs = jobs;
        this.measured = measured;
    }

    /** On how many of so many cores it computes, rounded up. */
    int computing(int job, int cores) {
        int row = jobs.row(job);
        double cpuSeconds = table.averageCpuSeconds(row);
        int runSeconds = table.runSeconds(row);
        if (!measured || cpuSeconds < 0 || runSeconds <= 0) {
            return cores;
        }
        long permille = Math.min(PERMILLE, (long) Math.ceil(cpuSeconds * PERMILLE / runSeconds));
        return (int) Math.ceilDiv(cores * permille, PERMILLE);
    }

    /**
     * Memory it has for each core.
     *
     * @param share of a core where the log does not say
     */
    long memoryBytesPerCore(int job, long share) {
        return measured ? jobs.usedBytesPerCore(job, share) : jobs.heldBytesPerCore(job, share);
    }
}
