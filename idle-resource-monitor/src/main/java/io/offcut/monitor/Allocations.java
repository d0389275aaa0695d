package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import java.util.List;

/** What the batch system has given out on this node. */
public sealed interface Allocations {
    /** There is no batch system: only load says what is idle. */
    record NoBatchSystem() implements Allocations {}

    /** There is one, and at present nobody knows what it has given out. Nothing is offered. */
    record Unknown() implements Allocations {}

    /**
     * The batch system's record.
     *
     * @param drained it will start nothing here, and neither do we
     * @param memoryBytes memory of the node that it gives out; 0 when it does not keep account
     * @param idleUntilEpochMillis when it plans to use what is free now; {@link
     *     Offer#UNKNOWN_UNTIL} when it has no plan
     * @param idleGpus indices of GPUs that no job holds
     */
    record Known(
            boolean drained,
            long memoryBytes,
            long idleUntilEpochMillis,
            List<JobShare> jobs,
            CpuSet idleGpus)
            implements Allocations {
        public Known {
            jobs = List.copyOf(jobs);
        }

        /** A node without GPUs. */
        public Known(
                boolean drained, long memoryBytes, long idleUntilEpochMillis, List<JobShare> jobs) {
            this(drained, memoryBytes, idleUntilEpochMillis, jobs, CpuSet.empty());
        }

        /** These jobs. */
        Known withJobs(List<JobShare> newJobs) {
            return new Known(drained, memoryBytes, idleUntilEpochMillis, newJobs, idleGpus);
        }

        /** A node in service without a plan. */
        public Known(long memoryBytes, List<JobShare> jobs) {
            this(false, memoryBytes, Offer.UNKNOWN_UNTIL, jobs);
        }
    }

    /**
     * What one job holds of the node, whether it shares that, and how much of it it uses.
     *
     * @param cores logical CPUs as the operating system numbers them; empty when not known, and
     *     then nothing on the node is offered
     * @param memoryBytes 0 when the batch system does not keep account of memory
     * @param endEpochMillis when its time is over; {@link Offer#UNKNOWN_UNTIL} when not known
     */
    record JobShare(
            String jobId,
            CpuSet cores,
            long memoryBytes,
            long endEpochMillis,
            SharePolicy policy,
            JobUse use) {
        /** A job that shares nothing; the sampler adds what it uses. */
        public JobShare(String jobId, CpuSet cores, long memoryBytes) {
            this(
                    jobId,
                    cores,
                    memoryBytes,
                    Offer.UNKNOWN_UNTIL,
                    SharePolicy.EXCLUSIVE,
                    JobUse.UNKNOWN);
        }

        /** The same on these cores, with this use. */
        JobShare with(CpuSet newCores, JobUse newUse) {
            return new JobShare(jobId, newCores, memoryBytes, endEpochMillis, policy, newUse);
        }
    }

    /**
     * What a job uses, as its control groups say.
     *
     * @param busyCores CPU time per time; NaN when this look came too soon to tell, and then what
     *     was found before stands; negative when nothing is known
     * @param workingSetBytes memory that it would be slower without: all but the part of the page
     *     cache that it has not used for long; negative when not known
     * @param heldBytes memory that is not page cache, so that the machine's available memory does
     *     not have it; negative when not known
     * @param memoryStall share of the time since the look before in which a task of it waited for
     *     memory; negative when not known
     */
    record JobUse(double busyCores, long workingSetBytes, long heldBytes, double memoryStall) {
        /** No control group to ask. */
        public static final JobUse UNKNOWN = new JobUse(-1, -1, -1, -1);

        /** Without page cache and without word of pressure. */
        public JobUse(double busyCores, long workingSetBytes) {
            this(busyCores, workingSetBytes, workingSetBytes, -1);
        }
    }
}
