package io.offcut.slurm;

import java.util.List;

/**
 * What a node daemon does when batch jobs come and go on its node. Called by {@link JobEventServer}
 * on a thread of its own per event, so several calls may run at once. The same event may come
 * twice: of a requeued job, and of each step of a job.
 *
 * <p>Methods that free cores may block, but whoever asked waits only for {@link
 * JobEventServerConfig#answerTimeout()}. When that has passed the call is left to finish by itself.
 */
public interface JobEvents {
    /**
     * A job is about to start here; which cores it gets is not known yet.
     *
     * @return whether the cores it will surely or likely have are free
     */
    boolean jobStarting(JobStart start) throws InterruptedException;

    /** An answer to {@link #jobAllocated}. */
    record Allocated(boolean free, List<String> environment) {
        /**
         * @param free whether the job's cores are free
         * @param environment {@code NAME=VALUE} for the tasks of the step
         */
        public Allocated {
            environment = List.copyOf(environment);
        }
    }

    /** A step of the job is about to start its first task. */
    Allocated jobAllocated(JobAllocation allocation) throws InterruptedException;

    /** All tasks of a step have ended here. Should return at once. */
    void stepEnded(String jobId, String step);

    /** All processes of a job have ended here. Should return at once. */
    void jobEnded(String jobId);

    /**
     * An event came and was not heard to its end: refused because too many are being served, broken
     * off, or failed here. Nobody sends it again: what jobs hold must be asked for. Should return
     * at once.
     */
    void eventLost();
}
