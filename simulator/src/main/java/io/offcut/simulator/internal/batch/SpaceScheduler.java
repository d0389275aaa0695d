package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * What first come, first served and EASY share: a queue, the running jobs by expected end, and the
 * room that is left. A job whose expected end is now counts as gone, though its end may be told
 * only later at the same instant.
 */
abstract class SpaceScheduler implements BatchScheduler {
    final BatchJobs jobs;
    final Room room;
    final JobQueue queue;
    final RunningJobs running = new RunningJobs();
    private final Actions actions;
    private final long[] expectedEndMillis;

    SpaceScheduler(BatchJobs jobs, Room room, Actions actions) {
        this.jobs = jobs;
        this.room = room;
        this.actions = actions;
        this.queue = new JobQueue(jobs);
        this.expectedEndMillis = new long[jobs.size()];
    }

    /** Starts what may start. */
    abstract void pass(long nowMillis);

    void release(long nowMillis) {
        while (running.size() > 0 && running.endMillis(0) <= nowMillis) {
            room.give(running.job(0));
            running.removeFirst();
        }
    }

    private void takeOff(int job) {
        if (running.remove(job, expectedEndMillis[job])) {
            room.give(job);
        }
    }

    void release(long nowMillis, int job) {
        release(nowMillis);
        takeOff(job);
    }

    @Override
    public void slower(long nowMillis, int job, long endMillis) {
        if (endMillis > expectedEndMillis[job]) {
            running.remove(job, expectedEndMillis[job]);
            expectedEndMillis[job] = endMillis;
            running.add(job, jobs.slots(job), endMillis);
        }
    }

    /** A job starts that has taken its room. */
    void start(long nowMillis, int job, boolean overtaking) {
        queue.remove(job);
        expectedEndMillis[job] = nowMillis + jobs.estimateMillis(job);
        running.add(job, jobs.slots(job), expectedEndMillis[job]);
        actions.start(job, overtaking);
    }

    /** Starts jobs from the front of the queue while they fit. */
    void startFromFront(long nowMillis) {
        for (int head = queue.first();
                head != JobQueue.NONE && room.take(head);
                head = queue.first()) {
            start(nowMillis, head, false);
        }
    }

    @Override
    public void killed(long nowMillis, int job, boolean requeue) {
        takeOff(job);
        if (requeue) {
            queue.add(job);
        }
    }

    @Override
    public void nodesChanged(long nowMillis) {
        release(nowMillis);
        pass(nowMillis);
    }

    @Override
    public void down(long nowMillis, int node, boolean down) {
        room.down(node, down);
    }

    @Override
    public int downCores() {
        return room.downCores();
    }

    @Override
    public int[] jobsOn(int node) {
        return room.jobsOn(node);
    }

    @Override
    public @Nullable Assignment assignment(int job) {
        return room.assignment(job);
    }
}
