package io.offcut.node.internal.executor;

import io.offcut.linux.Cgroup;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends what is in a control group and removes it. */
final class GroupRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(GroupRemoval.class);
    private static final long KILL_MILLIS = 1_000;
    private static final int TIMES = 60;
    private static final long PAUSE_SECONDS = 10;

    private GroupRemoval() {}

    /**
     * Blocks for a bounded time; what is left then is tried again, and again, in the background.
     */
    static void remove(Cgroup cgroup) {
        remove(cgroup, TIMES);
    }

    // What was killed beside a job that computes may take longer to be gone than anybody waits.
    private static void remove(Cgroup cgroup, int times) {
        if (cgroup.kill(KILL_MILLIS) && cgroup.remove()) {
            return;
        }
        if (times == 0) {
            LOG.warn(
                    "control group {} stays, it cannot be emptied: see its cgroup.procs",
                    cgroup.name());
            return;
        }
        CompletableFuture.delayedExecutor(PAUSE_SECONDS, TimeUnit.SECONDS)
                .execute(() -> remove(cgroup, times - 1));
    }
}
