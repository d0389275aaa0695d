package io.offcut.simulator;

/**
 * How the batch system works.
 *
 * @param scheduler which job starts when
 * @param estimates what the scheduler believes about run times
 * @param allocation what a job holds while it runs
 */
public record BatchConfig(Scheduler scheduler, Estimates estimates, Allocation allocation) {
    /** EASY with requested times, jobs share nodes. */
    public static final BatchConfig DEFAULT =
            new BatchConfig(Scheduler.EASY, Estimates.REQUESTED, Allocation.CORES);

    /** The order in which jobs start. */
    public enum Scheduler {
        /** As the log says: submission plus wait. */
        RECORDED,
        /** First come, first served: nobody overtakes. */
        FCFS,
        /**
         * EASY backfilling (Lifka, "The ANL/IBM SP scheduling system", JSSPP 1995): a job may
         * overtake if the first in the queue does not start later for it. One pass for each
         * submission and each end.
         */
        EASY,
        /** The same with one pass for each instant, after all submissions and ends of it. */
        EASY_INSTANT
    }

    /** What is known about run times beforehand. */
    public enum Estimates {
        /** The requested time of the log; never less than the run time. */
        REQUESTED,
        /** The run time itself. */
        EXACT
    }

    /** What a job holds. */
    public enum Allocation {
        /** Exactly its cores: jobs share nodes. */
        CORES,
        /** Whole nodes: cores of its nodes that it did not ask for stay idle. */
        NODES
    }
}
