package io.offcut.linux;

/**
 * One process for ever: process ids are used again, but not together with the start time.
 *
 * @param pid process id
 * @param startTimeTicks clock ticks between boot and its start (proc_pid_stat(5), field 22)
 */
public record ProcessRef(long pid, long startTimeTicks) {
    /** The process that has this id now; start time −1 when there is none. */
    public static ProcessRef of(long pid) {
        return new ProcessRef(pid, ProcessTree.startTimeTicks(pid));
    }

    /** Whether this very process still exists, a zombie included. */
    public boolean exists() {
        return startTimeTicks >= 0 && ProcessTree.startTimeTicks(pid) == startTimeTicks;
    }

    /** Whether this very process still runs or is stopped: not ended, and not a zombie either. */
    public boolean isAlive() {
        return startTimeTicks >= 0 && ProcessTree.liveStartTimeTicks(pid) == startTimeTicks;
    }
}
