package io.offcut.node.internal.executor;

import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.linux.Cgroup;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One executor of one lease in the host's table, from the wish to start it until nothing of it is
 * left. Its lock is held while it is being started or removed, so that the two never overlap; what
 * must be quick looks at the volatile fields.
 */
final class ExecutorSlot {
    final LeaseTerms terms;
    final int generation;

    /** What the executor shows to be heard, and what its clients show to it. */
    final String secret;

    /** Null where an earlier daemon made them, and wrote down where. */
    final @Nullable Regions regions;

    final ReentrantLock lock = new ReentrantLock();

    /** Completes when it serves, or with an OffcutException when it never will. */
    final CompletableFuture<ExecutorHost.Serving> serving = new CompletableFuture<>();

    /** Completes when it rests after its lease. */
    final CompletableFuture<String> resting = new CompletableFuture<>();

    /** It is not wanted any more: a start that is under way stops. */
    volatile boolean cancelled;

    /** It must stand still: a start that is under way must not let it run. */
    volatile boolean frozen;

    private final Hastening hastening = new Hastening();

    /** When it was asked to stand still, while it must. */
    private long stopNanos;

    /** How long it had to before. */
    private long stoodNanos;

    /** It was seen to stand still since it has had to. */
    private boolean stood;

    /** It is being killed, and must not be frozen meanwhile. */
    private boolean killing;

    private boolean held;

    /** It stands still until it is removed. */
    private boolean forGood;

    volatile @Nullable ExecutorProcess process;

    /** Where that is to be, from the moment that it may run on the lease's cores. */
    private @Nullable Cgroup coming;

    /** That is on the lease's cores: before, it may be where it must not run. */
    private boolean placed;

    /** It may run, and is not in its control group yet, or has none. */
    private boolean atLarge;

    /** It was, and did not: to tell it to end would be in vain. With the lock. */
    boolean toldToRest;

    /** Leases that the process had before this one. With the lock. */
    int earlierLeases;

    /** As the executor says. */
    volatile LeaseUsage used = LeaseUsage.NONE;

    ExecutorSlot(LeaseTerms terms, int generation, String secret, @Nullable Regions regions) {
        this.terms = terms;
        this.generation = generation;
        this.secret = secret;
        this.regions = regions;
    }

    String leaseId() {
        return terms.leaseId();
    }

    /** Stops what there is of it, for good: its lease is about to end. */
    synchronized void freezeForGood() {
        forGood = true;
        freeze();
    }

    /** Stops what there is of it. */
    synchronized void freeze() {
        if (!frozen) {
            stopNanos = System.nanoTime();
            stood = false;
        }
        frozen = true;
        hastening.begin();
        ExecutorProcess running = process;
        if (killing) {
            return;
        }
        if (running != null) {
            running.freeze(0);
        } else if (coming != null) {
            coming.freeze(0);
        }
    }

    /**
     * Lets it go on, unless its lease has ended.
     *
     * @return whether it was not started for that: it must be now
     */
    synchronized boolean thaw() {
        if (!frozen || forGood || cancelled) {
            return false;
        }
        stoodNanos = stoodNanos();
        frozen = false;
        ExecutorProcess standing = process;
        hastening.slacken(cgroup());
        if (standing != null) {
            standing.thaw();
        } else if (coming != null && placed) {
            coming.thaw();
        }
        boolean start = held;
        held = false;
        return start;
    }

    /** For how long it has had to stand still, altogether. */
    synchronized long stoodNanos() {
        return stoodNanos + (frozen ? System.nanoTime() - stopNanos : 0);
    }

    /** Whether it must not be started yet: {@link #thaw} will say so. */
    synchronized boolean startsAfterThaw() {
        held = frozen;
        return held;
    }

    /**
     * A process is about to run for it that cannot be frozen yet.
     *
     * @return false when it must not: {@link #thaw} will say so
     */
    synchronized boolean starts() {
        held = frozen;
        atLarge = !frozen;
        return atLarge;
    }

    /** That process is in its control group. */
    synchronized void joined() {
        atLarge = coming == null;
        runs();
    }

    /** What is or will be in this control group is about to get the lease's cores. */
    synchronized void comes(@Nullable Cgroup cgroup) {
        coming = cgroup;
        placed = false;
        stood = false;
        if (frozen && cgroup != null) {
            cgroup.freeze(0);
        }
    }

    /** That has the lease's cores, and runs if it may. */
    synchronized void runs() {
        placed = true;
        if (!frozen && coming != null) {
            coming.thaw();
        }
    }

    /** Its process runs, or stands still if it must. */
    synchronized void started(ExecutorProcess running) {
        process = running;
        coming = null;
        atLarge = false;
        stood = false;
        if (frozen) {
            running.freeze(0);
        }
    }

    /** Found as an earlier daemon left it: it may stand still, or be on the way there. */
    synchronized void found(ExecutorProcess running) {
        process = running;
        frozen = true;
        stopNanos = System.nanoTime();
        hastening.found();
    }

    /**
     * Whether nothing of it runs, or nothing must stand still: asks the kernel again if need be.
     * One that is being killed may not be frozen anew meanwhile: if it did not stand still before,
     * it does when it is gone.
     */
    synchronized boolean stands() {
        if (!frozen) {
            return true;
        }
        if (!killing) {
            stood = looksStill();
        }
        return stood || (killing && isGone());
    }

    private boolean looksStill() {
        ExecutorProcess running = process;
        if (running == null) {
            return !atLarge && (coming == null || hastening.looked(coming, coming.freeze(0)));
        }
        return hastening.looked(running.cgroup(), running.freeze(0)) || !running.alive();
    }

    private boolean isGone() {
        ExecutorProcess dying = process;
        Cgroup cgroup = cgroup();
        return cgroup == null ? dying == null || !dying.alive() : cgroup.pids().isEmpty();
    }

    private @Nullable Cgroup cgroup() {
        ExecutorProcess running = process;
        return running == null ? coming : running.cgroup();
    }

    /** It is about to be killed. */
    synchronized void dies() {
        killing = true;
        // Before all others it would end on the job's core.
        hastening.slacken(cgroup());
    }

    /** It has no process any more, or another lease has it. */
    synchronized void released() {
        process = null;
        coming = null;
        atLarge = false;
        killing = false;
    }
}
