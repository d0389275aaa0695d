package io.offcut.simulator.internal.batch;

/** Starts every job when the log says: submission plus wait. */
public final class RecordedScheduler implements BatchScheduler {
    private final BatchJobs jobs;
    private final Actions actions;

    public RecordedScheduler(BatchJobs jobs, Actions actions) {
        this.jobs = jobs;
        this.actions = actions;
    }

    @Override
    public void submitted(long nowMillis, int job) {
        actions.startAt(job, nowMillis + jobs.waitMillis(job));
    }

    @Override
    public void ended(long nowMillis, int job) {}

    @Override
    public void instantOver(long nowMillis) {}
}
