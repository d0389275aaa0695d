package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.RecordedPlaces;
import org.jspecify.annotations.Nullable;

/** Starts every job when the log says, submission plus wait, and where it says. */
public final class RecordedScheduler implements BatchScheduler {
    private final BatchJobs jobs;
    private final RecordedPlaces places;
    private final Actions actions;

    public RecordedScheduler(BatchJobs jobs, RecordedPlaces places, Actions actions) {
        this.jobs = jobs;
        this.places = places;
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

    @Override
    public @Nullable Assignment assignment(int job) {
        return places.of(jobs.row(job), jobs.cores(job));
    }
}
