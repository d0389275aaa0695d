package io.offcut.cli.pilot;

import io.offcut.slurm.QueuedJob;
import io.offcut.slurm.SlurmCommands;
import java.time.Duration;
import java.util.List;

/**
 * The pilots of this user as Slurm knows them, which is all the state there is: whoever asks, on
 * whatever machine, sees the same.
 */
public interface PilotQueue {
    /** The name of every pilot job, by which they are found. */
    String JOB_NAME = "offcut-pilot";

    /** Those that wait, run, or ended a short while ago. */
    List<QueuedJob> jobs();

    /** Puts one more into the queue, to run so long, and not to begin before this delay is over. */
    String submit(Duration length, Duration delay);

    /** Those of a partition, whoever put them there; an empty name for all partitions. */
    static List<QueuedJob> of(SlurmCommands slurm, String partition) {
        return slurm.ownJobs(JOB_NAME).stream()
                .filter(job -> partition.isEmpty() || job.partition().equals(partition))
                .toList();
    }
}
