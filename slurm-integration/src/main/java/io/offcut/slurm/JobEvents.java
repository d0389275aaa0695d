package io.offcut.slurm;

/**
 * What a node daemon does when batch jobs come and go on its node. Called by {@link JobEventServer}
 * on a thread of its own per event, so several calls may run at once. The same event may come
 * twice: a requeued job, or a hook and a plugin on the same node.
 */
public interface JobEvents {
    /**
     * A job is about to start its first process here. Returns as soon as the job's cores are free;
     * may block, but whoever asked waits only for {@link JobEventServerConfig#answerTimeout()}.
     * When that has passed the call is left to finish by itself.
     */
    void jobStarting(String jobId) throws InterruptedException;

    /** All processes of a job have ended here. Should return at once. */
    void jobEnded(String jobId);

    /**
     * An event came and was not heard to its end: refused because too many are being served, broken
     * off, or failed here. Nobody sends it again: what jobs hold must be asked for. Should return
     * at once.
     */
    void eventLost();
}
