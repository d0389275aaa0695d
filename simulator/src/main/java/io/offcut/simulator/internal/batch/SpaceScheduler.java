package io.offcut.simulator.internal.batch;

/**
 * What schedulers that count slots share: a queue, the running jobs by expected end, and the free
 * slots. A job whose expected end is now counts as gone, though its end may be told only later at
 * the same instant.
 */
abstract class SpaceScheduler implements BatchScheduler {
    final BatchJobs jobs;
    final Actions actions;
    final JobQueue queue;
    final RunningJobs running = new RunningJobs();
    private final long[] expectedEndMillis;
    int free;

    SpaceScheduler(BatchJobs jobs, int slots, Actions actions) {
        this.jobs = jobs;
        this.actions = actions;
        this.queue = new JobQueue(jobs);
        this.expectedEndMillis = new long[jobs.size()];
        this.free = slots;
    }

    /** Starts what may start. */
    abstract void pass(long nowMillis);

    void release(long nowMillis) {
        free += running.releaseUntil(nowMillis);
    }

    void release(long nowMillis, int job) {
        release(nowMillis);
        free += running.remove(job, expectedEndMillis[job]);
    }

    @Override
    public void slower(long nowMillis, int job, long endMillis) {
        if (endMillis > expectedEndMillis[job]) {
            int slots = running.remove(job, expectedEndMillis[job]);
            expectedEndMillis[job] = endMillis;
            running.add(job, slots, endMillis);
        }
    }

    void start(long nowMillis, int job, boolean overtaking) {
        int slots = jobs.slots(job);
        queue.remove(job);
        free -= slots;
        expectedEndMillis[job] = nowMillis + jobs.estimateMillis(job);
        running.add(job, slots, expectedEndMillis[job]);
        actions.start(job, overtaking);
    }

    /** Starts jobs from the front of the queue while they fit. */
    void startFromFront(long nowMillis) {
        for (int head = queue.first();
                head != JobQueue.NONE && jobs.slots(head) <= free;
                head = queue.first()) {
            start(nowMillis, head, false);
        }
    }
}
