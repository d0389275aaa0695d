package io.offcut.simulator.internal.batch;

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

    /** Nothing more happens at this instant, unless this call starts a job of no length. */
    void instantOver(long nowMillis);
}
