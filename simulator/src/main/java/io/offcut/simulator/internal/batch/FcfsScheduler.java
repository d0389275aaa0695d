package io.offcut.simulator.internal.batch;

/** First come, first served. */
public final class FcfsScheduler extends SpaceScheduler {
    public FcfsScheduler(BatchJobs jobs, int slots, Actions actions) {
        super(jobs, slots, actions);
    }

    @Override
    public void submitted(long nowMillis, int job) {
        queue.add(job);
        pass(nowMillis);
    }

    @Override
    public void ended(long nowMillis, int job) {
        release(nowMillis, job);
        pass(nowMillis);
    }

    @Override
    public void instantOver(long nowMillis) {}

    @Override
    void pass(long nowMillis) {
        release(nowMillis);
        startFromFront(nowMillis);
    }
}
