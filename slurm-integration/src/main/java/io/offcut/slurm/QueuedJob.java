package io.offcut.slurm;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One job as {@code squeue} lists it.
 *
 * @param jobId its number
 * @param state now, or how it ended
 * @param partition where it waits or runs
 * @param limit how long it may run; null for no limit
 * @param start when it started, or is expected to; null if unknown
 * @param end when it ended, or its limit ends; null if unknown
 * @param node its node, empty while it waits; of several nodes as Slurm writes them, {@code n[1-2]}
 * @param reason why it waits
 */
public record QueuedJob(
        String jobId,
        JobState state,
        String partition,
        @Nullable Duration limit,
        @Nullable Instant start,
        @Nullable Instant end,
        String node,
        String reason) {
    /** Whether it waits, or holds its nodes. */
    public boolean active() {
        return state == JobState.PENDING || state.holdsNodes();
    }
}
