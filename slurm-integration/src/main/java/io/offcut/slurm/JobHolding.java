package io.offcut.slurm;

import io.offcut.core.CpuSet;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What one job holds of this node.
 *
 * @param jobId the job
 * @param cores operating-system CPU numbers
 * @param memoryBytes memory in bytes; 0 if Slurm does not track it
 * @param wholeNode whether the job has, or must be taken to have, everything
 * @param assumed whether that was assumed because its record could not be read
 * @param expectedEnd when its time limit ends; null if unknown
 * @param gpus indices of GPUs it has, unless that was assumed
 */
public record JobHolding(
        String jobId,
        CpuSet cores,
        long memoryBytes,
        boolean wholeNode,
        boolean assumed,
        @Nullable Instant expectedEnd,
        CpuSet gpus) {
    /** Without GPUs. */
    public JobHolding(
            String jobId,
            CpuSet cores,
            long memoryBytes,
            boolean wholeNode,
            boolean assumed,
            @Nullable Instant expectedEnd) {
        this(jobId, cores, memoryBytes, wholeNode, assumed, expectedEnd, CpuSet.empty());
    }
}
