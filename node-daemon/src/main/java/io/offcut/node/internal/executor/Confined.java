package io.offcut.node.internal.executor;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import io.offcut.linux.Cgroup;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group of something that waits for a lease: it runs on CPUs that are nobody else's, or
 * stands still.
 *
 * <pre>
 *   runs on some ──these are not all its own any more──▶ asked to stand still ──▶ stands still
 *        ▲                                                        │ moved             │
 *        └───────────── while those are still its own ────────────┴───────────────────┘
 * </pre>
 *
 * <p>Safe for use by any thread. To move it takes the kernel tens of milliseconds, in which a job
 * does not wait for this but for the standstill.
 */
final class Confined {
    private static final Logger LOG = LoggerFactory.getLogger(Confined.class);

    private final Cgroup cgroup;
    private final Object moving = new Object();
    private final Hastening hastening = new Hastening();

    /** Real CPUs that it may use. */
    private CpuSet cpus;

    private boolean stopped;

    /** Its process may run and is not in the control group yet. */
    private boolean atLarge = true;

    private boolean left;

    /** One whose process is about to be started. */
    Confined(Cgroup cgroup, CpuSet cpus) {
        this.cgroup = cgroup;
        this.cpus = cpus;
    }

    /** Its process is in the control group. */
    synchronized void joined() {
        atLarge = false;
    }

    /** Whether nothing of it runs but on these CPUs; asks it to stand still if need be. */
    synchronized boolean within(CpuSet free) {
        if (left || free.containsAll(cpus)) {
            return true;
        }
        stop();
        return hastening.looked(cgroup, cgroup.freeze(0)) && !atLarge;
    }

    private void stop() {
        if (!stopped) {
            stopped = true;
            hastening.begin();
        }
    }

    /**
     * Stops it until it has been moved to these.
     *
     * @return false when it is there already
     */
    synchronized boolean stopUnlessOn(CpuSet free) {
        if (left || (!stopped && free.equals(cpus))) {
            return false;
        }
        stop();
        boolean ignored = cgroup.freeze(0);
        return true;
    }

    /**
     * Moves it to where it may be. Where that is nowhere, or elsewhere by then, it stands still.
     */
    void move(Supplier<CpuSet> allowed) {
        synchronized (moving) {
            CpuSet free = allowed.get();
            if (!stopUnlessOn(free) || free.isEmpty()) {
                return;
            }
            try {
                cgroup.limit(new Cgroup.Limits(free, 0, 0));
                moved(free, allowed);
            } catch (OffcutException e) {
                // It ends, or nothing of it runs: then there is nothing to move.
                LOG.debug("{}", e.getMessage());
            }
        }
    }

    private synchronized void moved(CpuSet free, Supplier<CpuSet> allowed) {
        cpus = free;
        if (allowed.get().containsAll(free)) {
            stopped = false;
            hastening.slacken(cgroup);
            cgroup.thaw();
        }
    }

    /** It is a lease's from now on, or ends: it may stand still. Waits for a move under way. */
    void leave() {
        synchronized (moving) {
            synchronized (this) {
                left = true;
                hastening.slacken(cgroup);
            }
        }
    }
}
