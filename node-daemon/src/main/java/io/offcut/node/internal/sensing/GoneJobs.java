package io.offcut.node.internal.sensing;

import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Jobs that had control groups and have none any more, although nobody has told of their end. Where
 * Slurm uses none, it knows of none. For one thread.
 */
final class GoneJobs {
    /** A job has none for a moment between two of its steps where there is no extern step. */
    private static final int LOOKS = 10;

    /** Looks in a row without control groups, of jobs that had some. */
    private final Map<String, Integer> missing = new HashMap<>();

    /**
     * Takes in what was seen of all jobs that are known.
     *
     * @return whether Slurm should be asked; once for each time that a job goes missing
     */
    boolean look(List<JobShare> jobs) {
        boolean ask = false;
        Map<String, Integer> now = new HashMap<>();
        for (JobShare job : jobs) {
            if (!job.use().equals(JobUse.UNKNOWN)) {
                now.put(job.jobId(), 0);
            } else if (missing.containsKey(job.jobId())) {
                int looks = Math.min(LOOKS, missing.get(job.jobId())) + 1;
                now.put(job.jobId(), looks);
                ask |= looks == LOOKS;
            }
        }
        missing.clear();
        missing.putAll(now);
        return ask;
    }
}
