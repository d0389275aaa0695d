package io.offcut.slurm;

import io.offcut.core.CpuSet;
import io.offcut.core.SharePolicy;
import org.jspecify.annotations.Nullable;

/**
 * What a job holds here, as a step of it tells before the step's first task.
 *
 * @param step its number, or {@code extern}, {@code batch}, {@code interactive}
 * @param cores Slurm's abstract core numbers; {@link CpuIdMap#coresToOperatingSystem} makes
 *     operating-system numbers of them; empty when the step could not tell: any of the node's
 * @param memoryBytes memory given to the job; 0 if Slurm does not track it
 * @param uid user number of the job's owner; −1 if not said
 * @param share what its user says of sharing; null if nothing
 * @param workers the workers it wants from the start; null if none
 */
public record JobAllocation(
        String jobId,
        String step,
        CpuSet cores,
        long memoryBytes,
        int uid,
        @Nullable SharePolicy share,
        @Nullable WorkerWish workers) {
    /**
     * Workers that a job asks for at its start ({@code --offcut-workers}).
     *
     * @param workers how many
     * @param memoryBytes of each; 0 if not said
     * @param function {@code bundle/function}, or a bundle; empty if not said
     * @param nodeIndex which of the job's nodes this is, from 0
     */
    public record WorkerWish(int workers, long memoryBytes, String function, int nodeIndex) {}
}
