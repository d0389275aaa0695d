package io.offcut.simulator.internal.batch;

/** A number of slots is all that decides whether a job fits. For one thread. */
final class CountedRoom extends Room {
    private final BatchJobs jobs;

    CountedRoom(BatchJobs jobs, int slots) {
        this.jobs = jobs;
        this.free = slots;
    }

    @Override
    boolean fits(int job) {
        return jobs.slots(job) <= free;
    }

    @Override
    boolean take(int job) {
        int slots = jobs.slots(job);
        if (slots > free) {
            return false;
        }
        free -= slots;
        return true;
    }

    @Override
    void give(int job) {
        free += jobs.slots(job);
    }

    @Override
    long shadowMillis(int head, RunningJobs running) {
        long millis = running.timeOfFree(jobs.slots(head), free);
        extra = running.freeThen - jobs.slots(head);
        return millis;
    }

    /** The queue was asked for jobs only that leave room. */
    @Override
    boolean takeBeside(int job, boolean gone) {
        int slots = jobs.slots(job);
        free -= slots;
        extra -= gone ? 0 : slots;
        return true;
    }
}
