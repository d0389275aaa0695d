package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * What is free for jobs now, and which of them leave room for the first in the queue. For one
 * thread.
 */
abstract class Room {
    /** Slots that no job holds; a job that needs more does not fit. */
    int free;

    /**
     * Of those, what {@link #takeBeside} may still give to jobs that stay beyond the shadow time.
     */
    int extra;

    /** Whether a job fits now. */
    abstract boolean fits(int job);

    /** Takes what a job needs if it fits now. */
    abstract boolean take(int job);

    /** Gives back what a job took. */
    abstract void give(int job);

    /**
     * The first expected end after which a job fits that does not now; {@code Long.MAX_VALUE} if it
     * fits after none. For this job {@link #takeBeside} leaves room until the next call.
     */
    abstract long shadowMillis(int head, RunningJobs running);

    /**
     * Takes what a job needs if it fits now, and leaves room at the shadow time for the job it was
     * asked for.
     *
     * @param gone whether it ends by then
     */
    abstract boolean takeBeside(int job, boolean gone);

    /** Begins or ends an outage of a node. */
    void down(int node, boolean down) {
        throw new UnsupportedOperationException("node " + node + " is not known");
    }

    /** Jobs that are on a node, in their order. */
    int[] jobsOn(int node) {
        throw new UnsupportedOperationException("node " + node + " is not known");
    }

    /** Where a job is that runs; null where nodes are not known. */
    @Nullable Assignment assignment(int job) {
        return null;
    }

    /** Cores that no job holds, of nodes that are down. */
    int downCores() {
        return 0;
    }
}
