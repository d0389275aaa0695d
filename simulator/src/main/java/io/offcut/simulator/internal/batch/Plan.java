package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * What jobs that run and jobs that have a reservation leave free, now and from when on. For one
 * thread.
 */
abstract class Plan {
    static final long NEVER = Reservations.NEVER;

    final BatchJobs jobs;

    /** When each running job is expected to end. */
    final long[] expectedEndMillis;

    Plan(BatchJobs jobs) {
        this.jobs = jobs;
        this.expectedEndMillis = new long[jobs.size()];
    }

    /** Forgets what was before now. */
    abstract void moveTo(long nowMillis);

    /**
     * Reserves the earliest start that there is for a job; returns it, or {@link #NEVER} if it fits
     * on none of the nodes that are up.
     */
    abstract long reserve(long nowMillis, int job);

    /**
     * Reserves an earlier start for a job if there is one before {@code beforeMillis}, and then
     * gives the old one back.
     *
     * @param oldMillis its reservation, or {@link #NEVER}
     * @return the reservation that it has now
     */
    abstract long improve(long nowMillis, int job, long oldMillis, long beforeMillis);

    /** Gives a reservation back. */
    abstract void giveBack(int job, long startMillis);

    /** More than that can no job have that is to start before {@code untilMillis}. */
    abstract long mostFree(long untilMillis);

    /** A job starts that had reserved this time. */
    void started(long nowMillis, int job) {
        expectedEndMillis[job] = nowMillis + jobs.estimateMillis(job);
    }

    /** A running job is over, now or before it was expected to be. */
    abstract void ended(long nowMillis, int job);

    /**
     * A running job is expected to end later than it was. Reservations may overlap with it until
     * all are given back.
     */
    abstract void longer(int job, long endMillis);

    /** Begins or ends an outage of a node. */
    abstract void down(long nowMillis, int node, boolean down);

    /** Jobs that are on a node, in their order. */
    abstract int[] jobsOn(int node);

    /** Where a job is that runs; null where nodes are not known. */
    abstract @Nullable Assignment assignment(int job);

    /** Cores that no job holds, of nodes that are down. */
    abstract int downCores();
}
