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
 *
 *   waits ──a lease has it──▶ leaves: is not moved ──it has the lease's cores──▶ gone
 *     └────it ends──▶ dies: is neither moved nor stopped ──nothing is left──────────▲
 * </pre>
 *
 * <p>Until it is gone a job waits for it. Safe for use by any thread. To move it takes the kernel
 * tens of milliseconds, in which a job does not wait for this but for the standstill.
 */
final class Confined {
    private enum Phase {
        WAITS,
        LEAVES,
        DIES,
        GONE
    }

    private static final Logger LOG = LoggerFactory.getLogger(Confined.class);

    private final Cgroup cgroup;
    private final Object moving = new Object();
    private final Hastening hastening = new Hastening();

    /** Real CPUs that its process is started on, until it is in the control group. */
    private final CpuSet startedOn;

    /** Real CPUs of the control group. */
    private CpuSet cpus;

    private Phase phase = Phase.WAITS;
    private boolean stopped;

    /** It was seen to stand still since it was stopped. */
    private boolean stood;

    /** Its process may run and is not in the control group yet. */
    private boolean atLarge = true;

    /** One whose process is about to be started. */
    Confined(Cgroup cgroup, CpuSet cpus) {
        this.cgroup = cgroup;
        this.startedOn = cpus;
        this.cpus = cpus;
    }

    /** Its process is in the control group. */
    void joined() {
        boolean dies;
        synchronized (this) {
            atLarge = false;
            dies = phase == Phase.DIES;
        }
        if (dies) {
            boolean ignored = cgroup.kill(0);
        }
    }

    /** Asks it to stand still unless it runs on these CPUs only. Does not wait. */
    synchronized void stopUnlessWithin(Supplier<CpuSet> allowed) {
        if (mayBeStopped() && !allowed.get().containsAll(cpus)) {
            stop();
        }
    }

    /**
     * Whether nothing of it runs but on these CPUs; asks it to stand still if need be.
     *
     * @param allowed asked here: what was true a moment before may have been followed by a move
     */
    synchronized boolean within(Supplier<CpuSet> allowed) {
        CpuSet free = allowed.get();
        if (phase == Phase.GONE) {
            return true;
        }
        if (free.containsAll(cpus)) {
            // Where it is at large until it joins nobody can stop it.
            return !atLarge || free.containsAll(startedOn);
        }
        if (phase == Phase.DIES) {
            return !atLarge && (stood || cgroup.pids().isEmpty());
        }
        stop();
        return looksStill() && !atLarge;
    }

    private boolean mayBeStopped() {
        return phase == Phase.WAITS || phase == Phase.LEAVES;
    }

    private boolean looksStill() {
        stood = hastening.looked(cgroup, cgroup.freeze(0));
        return stood;
    }

    private void stop() {
        if (!stopped) {
            stopped = true;
            stood = false;
            hastening.begin();
            boolean ignored = cgroup.freeze(0);
        }
    }

    /**
     * Stops it until it has been moved to these.
     *
     * @return false when it is there already, or is not to be moved
     */
    synchronized boolean stopUnlessOn(CpuSet free) {
        if (phase != Phase.WAITS || (!stopped && free.equals(cpus))) {
            return false;
        }
        stop();
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
                stuck(e);
            }
        }
    }

    private synchronized void moved(CpuSet free, Supplier<CpuSet> allowed) {
        cpus = free;
        if (phase == Phase.WAITS && allowed.get().containsAll(free)) {
            stopped = false;
            hastening.slacken(cgroup);
            cgroup.thaw();
        }
    }

    // Nothing would ever let it go on.
    private void stuck(OffcutException why) {
        if (dies()) {
            LOG.warn("an executor that waits for a lease is ended: {}", why.getMessage());
            boolean ignored = cgroup.kill(0);
        }
    }

    /** A lease has it, and lets it go on. It is not moved any more: waits for a move under way. */
    void leaves() {
        synchronized (moving) {
            synchronized (this) {
                phase = Phase.LEAVES;
            }
        }
    }

    /**
     * It is about to be killed, which freezing it meanwhile would hold up.
     *
     * @return false when it is known already
     */
    synchronized boolean dies() {
        if (!mayBeStopped()) {
            return false;
        }
        if (stopped && !stood) {
            boolean ignored = looksStill();
        }
        phase = Phase.DIES;
        hastening.slacken(cgroup);
        return true;
    }

    /** Nothing of it is left, or it is on its lease's cores, and may stand still. */
    synchronized void gone() {
        phase = Phase.GONE;
        hastening.slacken(cgroup);
    }
}
