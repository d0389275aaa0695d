package io.offcut.slurm;

import java.time.Instant;
import java.util.List;

/**
 * What Slurm's backfill scheduler means to do with a pending job.
 *
 * @param startsAt when it is expected to start; never in the past: Slurm says "now" of a job that
 *     is overdue
 * @param nodes where; never empty
 */
public record PlannedStart(String jobId, Instant startsAt, List<String> nodes) {
    public PlannedStart {
        nodes = List.copyOf(nodes);
    }
}
