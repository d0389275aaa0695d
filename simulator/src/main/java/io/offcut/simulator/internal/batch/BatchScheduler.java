package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.cluster.Assignment;
import org.jspecify.annotations.Nullable;

/**
 * Decides which job starts when. Jobs are the indexes of {@link BatchJobs}; time is milliseconds of
 * virtual time and never goes back. At one instant all submissions come first (in the order of the
 * jobs), then ends, then {@link #instantOver}. For one thread.
 */
public interface BatchScheduler {
    /** What a scheduler can do. */
    interface Actions {
        /**
         * Starts a job now.
         *
         * @param overtaking whether it passes a job that was there before
         */
        void start(int job, boolean overtaking);

        /** Starts a job at a time to come. */
        void startAt(int job, long timeMillis);
    }

    /** A job was submitted. */
    void submitted(long nowMillis, int job);

    /** A job ended. */
    void ended(long nowMillis, int job);

    /**
     * A running job takes longer than it would have, for what runs beside it: it is to be expected
     * no earlier than this. Comes when the instant is over, and before the end expected so far.
     */
    default void slower(long nowMillis, int job, long endMillis) {
        throw new UnsupportedOperationException("job at " + job + " cannot be slowed");
    }

    /** Nothing more happens at this instant, unless this call starts a job of no length. */
    void instantOver(long nowMillis);

    /** When {@link #instantOver} is wanted at the latest, submissions and ends or not. */
    default long nextWakeMillis() {
        return Long.MAX_VALUE;
    }

    /** Where a job that runs is; null where the scheduler does not know nodes. */
    default @Nullable Assignment assignment(int job) {
        return null;
    }

    /** A node takes no jobs, or takes them again. Known to schedulers only that know nodes. */
    default void down(long nowMillis, int node, boolean down) {
        throw new UnsupportedOperationException("node " + node + " is not known");
    }

    /** Jobs that a node has, in their order; of those that end now some may be missing. */
    default int[] jobsOn(int node) {
        throw new UnsupportedOperationException("node " + node + " is not known");
    }

    /** A running job was killed, and waits again or is lost. */
    default void killed(long nowMillis, int job, boolean requeue) {
        throw new UnsupportedOperationException("job at " + job + " cannot be killed");
    }

    /** All outages of an instant, and the deaths of jobs with them, were told. */
    default void nodesChanged(long nowMillis) {}

    /** Cores that no job holds, of nodes that are down. */
    default int downCores() {
        return 0;
    }
}
