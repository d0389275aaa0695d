package io.offcut.node.internal.executor;

import io.offcut.linux.Cgroup;
import io.offcut.linux.SchedIdle;
import org.jspecify.annotations.Nullable;

/**
 * Gets a control group that was asked to freeze there sooner. A thread enters the freezer itself,
 * and one that is ready to run, in SCHED_IDLE beside a job that starts, waits tens of milliseconds
 * for a CPU to do so. It runs nothing of its own on the way: before all others it is there at once.
 * For one thread at a time.
 */
final class Hastening {
    /** Mostly the kernel has said so by then. */
    private static final int AFTER_LOOKS = 2;

    /** Looks at it since it was asked to stand still. */
    private int looks;

    /** Its threads go before all others until they stand still. */
    private boolean hastened;

    /** It is asked to stand still. */
    void begin() {
        looks = 0;
    }

    /** An earlier daemon asked it to, and may have hastened it. */
    void found() {
        hastened = true;
    }

    /**
     * Somebody looked at it.
     *
     * @param still whether it stands still
     * @return the same
     */
    boolean looked(@Nullable Cgroup cgroup, boolean still) {
        if (still) {
            slacken(cgroup);
        } else if (cgroup != null && ++looks == AFTER_LOOKS) {
            hastened = true;
            cgroup.pids().forEach(SchedIdle::hurry);
        }
        return still;
    }

    /** It is to be what it was. */
    void slacken(@Nullable Cgroup cgroup) {
        if (hastened && cgroup != null) {
            cgroup.pids().forEach(SchedIdle::enter);
        }
        hastened = false;
    }
}
