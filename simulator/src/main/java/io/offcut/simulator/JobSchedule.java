package io.offcut.simulator;

import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.engine.JobRecord;

/** What became of each simulated job, in the order of submission. Immutable. */
public final class JobSchedule {
    private static final long SHORT_SECONDS = 10;

    private final BatchJobs jobs;
    private final JobRecord record;

    JobSchedule(BatchJobs jobs, JobRecord record) {
        this.jobs = jobs;
        this.record = record;
    }

    public int size() {
        return jobs.size();
    }

    /** Row of the job in the table that was simulated. */
    public int row(int index) {
        return jobs.row(index);
    }

    /** Number of the job in the log. */
    public long job(int index) {
        return jobs.number(index);
    }

    public long submitSeconds(int index) {
        return jobs.submitMillis(index) / 1000;
    }

    public long startSeconds(int index) {
        return Math.floorDiv(record.startMillis(index), 1000L);
    }

    public long endSeconds(int index) {
        return Math.floorDiv(record.endMillis(index), 1000L);
    }

    /** How much functions beside it slowed it, in thousandths; 1000 for not at all. */
    public int slowdownMilli(int index) {
        return record.slowdownMilli(index);
    }

    public long waitSeconds(int index) {
        return startSeconds(index) - submitSeconds(index);
    }

    /** Cores it asked for. */
    public int cores(int index) {
        return jobs.cores(index);
    }

    /** Whether it passed a job that was in the queue before. */
    public boolean backfilled(int index) {
        return record.backfilled(index);
    }

    /**
     * Response time over run time, at least 1, where runs under 10 s count as 10 s (Feitelson and
     * Rudolph, "Metrics and benchmarking for parallel job scheduling", JSSPP 1998).
     */
    public double boundedSlowdown(int index) {
        return (double) slowdownSeconds(index) / slowdownUnitSeconds(index);
    }

    /** The response time, but no less than {@link #slowdownUnitSeconds}. */
    long slowdownSeconds(int index) {
        return Math.max(endSeconds(index) - submitSeconds(index), slowdownUnitSeconds(index));
    }

    /** The run time of the job without functions beside it, but no less than 10 s. */
    long slowdownUnitSeconds(int index) {
        return Math.max(jobs.runMillis(index) / 1000, SHORT_SECONDS);
    }
}
