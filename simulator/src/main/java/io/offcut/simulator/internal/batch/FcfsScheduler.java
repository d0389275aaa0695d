package io.offcut.simulator.internal.batch;

/** First come, first served. */
final class FcfsScheduler extends SpaceScheduler {
    FcfsScheduler(BatchJobs jobs, Room room, Actions actions) {
        super(jobs, room, actions);
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
