package io.offcut.slurm;

import io.offcut.core.CpuSet;
import io.offcut.core.SharePolicy;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What one job holds of this node.
 *
 * @param jobId the job
 * @param cores operating-system CPU numbers
 * @param memoryBytes memory in bytes; 0 if Slurm does not track it
 * @param wholeNode whether the job has, or must be taken to have, everything
 * @param evidence how that is known
 * @param expectedEnd when its time limit ends; null if unknown
 * @param share what its user says of sharing; null if nothing; exclusive while it may have said so
 *     before anybody listened
 * @param gpus indices of GPUs it has; null if that is not known, and then it may be any
 */
public record JobHolding(
        String jobId,
        CpuSet cores,
        long memoryBytes,
        boolean wholeNode,
        Evidence evidence,
        @Nullable Instant expectedEnd,
        @Nullable SharePolicy share,
        @Nullable CpuSet gpus) {
    /** How it is known what a job holds. */
    public enum Evidence {
        /**
         * Its prolog spoke: these are the cores it will likely have. Before it runs anything the
         * plugin tells which they are.
         */
        EXPECTED,
        /** Its record could not be read: it must be taken to hold everything. */
        ASSUMED,
        /** Slurm said so. */
        TOLD
    }
}
