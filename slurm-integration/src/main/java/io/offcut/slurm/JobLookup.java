package io.offcut.slurm;

import java.util.List;

/** What a node must be able to ask about jobs. {@link SlurmCommands} asks the controller. */
public interface JobLookup {
    /**
     * The record of one job.
     *
     * @throws io.offcut.core.OffcutException NOT_FOUND if there is no such job, UNREACHABLE if
     *     nobody answers in time
     */
    SlurmJob job(String jobId);

    /**
     * The ids of the jobs that hold something of the node, or are about to, or were until now.
     *
     * @throws io.offcut.core.OffcutException NOT_FOUND if there is no such node, UNREACHABLE if
     *     nobody answers in time
     */
    List<String> jobIdsOn(String node);
}
