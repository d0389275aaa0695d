package io.offcut.monitor;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
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
     */
    record Known(boolean drained, long memoryBytes, long idleUntilEpochMillis, List<JobShare> jobs)
            implements Allocations {
        public Known {
            jobs = List.copyOf(jobs);
        }

        /** A node in service without a plan. */
        public Known(long memoryBytes, List<JobShare> jobs) {
            this(false, memoryBytes, Offer.UNKNOWN_UNTIL, jobs);
        }
    }

    /**
     * What one job holds of the node, and how much of it it uses.
     *
     * @param cores logical CPUs as the operating system numbers them; empty when not known, and
     *     then nothing on the node is offered
     * @param memoryBytes 0 when the batch system does not keep account of memory
     */
    record JobShare(String jobId, CpuSet cores, long memoryBytes, JobUse use) {
        /** A share whose use is not known yet; the sampler adds it. */
        public JobShare(String jobId, CpuSet cores, long memoryBytes) {
            this(jobId, cores, memoryBytes, JobUse.UNKNOWN);
        }

        /** Memory the job was promised and has not taken yet. */
        long memoryToComeBytes() {
            return Math.max(0, memoryBytes - Math.max(0, use.workingSetBytes()));
        }
    }

    /**
     * What a job uses, as its control groups say.
     *
     * @param busyCores CPU time per time since the sample before; negative when not known
     * @param workingSetBytes memory it cannot do without; negative when not known
     */
    record JobUse(double busyCores, long workingSetBytes) {
        /** No control group to ask. */
        public static final JobUse UNKNOWN = new JobUse(-1, -1);
    }
}
