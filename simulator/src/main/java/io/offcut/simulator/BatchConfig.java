package io.offcut.simulator;

/**
 * How the batch system works.
 *
 * @param scheduler which job starts when
 * @param estimates what the scheduler believes about run times
 * @param easySemantics when EASY looks at its queue; of no meaning to the others
 * @param allocation what a job holds while it runs
 * @param fit what must be free for a job to start
 */
public record BatchConfig(
        Scheduler scheduler,
        Estimates estimates,
        EasySemantics easySemantics,
        Allocation allocation,
        Fit fit) {
    /** EASY with requested times, jobs share nodes. */
    public static final BatchConfig DEFAULT =
            new BatchConfig(Scheduler.EASY, Estimates.USER, Allocation.CORES);

    /** EASY looks at its queue at each event; what fits is counted. */
    public BatchConfig(Scheduler scheduler, Estimates estimates, Allocation allocation) {
        this(scheduler, estimates, EasySemantics.PER_EVENT, allocation, Fit.COUNT);
    }

    public BatchConfig with(EasySemantics semantics) {
        return new BatchConfig(scheduler, estimates, semantics, allocation, fit);
    }

    public BatchConfig with(Fit newFit) {
        return new BatchConfig(scheduler, estimates, easySemantics, allocation, newFit);
    }

    /** The order in which jobs start. */
    public enum Scheduler {
        /** As the log says: submission plus wait. */
        RECORDED,
        /** First come, first served: nobody overtakes. */
        FCFS,
        /**
         * EASY backfilling (Lifka, "The ANL/IBM SP scheduling system", JSSPP 1995): a job may
         * overtake if the first in the queue does not start later for it.
         */
        EASY,
        /**
         * Conservative backfilling (Mu'alem and Feitelson, "Utilization, predictability, workloads,
         * and user runtime estimates in scheduling the IBM SP2 with backfilling", IEEE TPDS 12(6),
         * 2001): a job may overtake if nobody in the queue starts later for it.
         */
        CONSERVATIVE
    }

    /** What is known about run times beforehand. */
    public enum Estimates {
        /** The requested time of the log; never less than the run time. */
        USER,
        /** The run time itself. */
        EXACT
    }

    /** When EASY looks at its queue. */
    public enum EasySemantics {
        /** At each submission that fits and at each end, one after the other. */
        PER_EVENT,
        /** Once an instant, after all submissions and ends of it. */
        PER_INSTANT
    }

    /** What a job holds. */
    public enum Allocation {
        /** Exactly its cores: jobs share nodes. */
        CORES,
        /** Whole nodes: cores of its nodes that it did not ask for stay idle. */
        NODES
    }

    /** What must be free for a job to start. */
    public enum Fit {
        /** As many cores, or whole nodes, as it holds, wherever they are. */
        COUNT,
        /** Cores of nodes, on which it is placed when it starts. */
        CORES,
        /** On the node of each of its cores also the memory it asked for; nothing if it did not. */
        MEMORY
    }
}
