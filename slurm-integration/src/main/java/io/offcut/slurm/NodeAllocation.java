package io.offcut.slurm;

import io.offcut.core.CpuSet;

/**
 * What a job holds of one node.
 *
 * @param cores in a job record: Slurm's abstract CPU numbers ({@code CPU_IDs}), counted through
 *     sockets, cores and threads in that order; {@link CpuIdMap} makes operating-system numbers of
 *     them
 * @param memoryBytes memory given to the job in bytes; 0 if Slurm does not track memory for it
 * @param gpus indices of GPUs given to it (gres)
 */
public record NodeAllocation(CpuSet cores, long memoryBytes, CpuSet gpus) {
    public NodeAllocation {
        if (memoryBytes < 0) {
            throw new IllegalArgumentException("an allocation of " + memoryBytes + " bytes");
        }
    }

    /** Without GPUs. */
    public NodeAllocation(CpuSet cores, long memoryBytes) {
        this(cores, memoryBytes, CpuSet.empty());
    }
}
