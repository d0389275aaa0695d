package io.offcut.node.internal.executor;

import io.offcut.core.lease.LeaseTerms;
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

    final ReentrantLock lock = new ReentrantLock();

    /** Completes when it serves, or with an OffcutException when it never will. */
    final CompletableFuture<ExecutorHost.Serving> serving = new CompletableFuture<>();

    /** Completes when it rests after its lease. */
    final CompletableFuture<String> resting = new CompletableFuture<>();

    /** It is not wanted any more: a start that is under way stops. */
    volatile boolean cancelled;

    /** It must stand still: a start that is under way must not let it run. */
    volatile boolean frozen;

    private boolean held;

    /** It stands still until it is removed. */
    private boolean forGood;

    volatile @Nullable ExecutorProcess process;

    /** It was, and did not: to tell it to end would be in vain. With the lock. */
    boolean toldToRest;

    /** Leases that the process had before this one. With the lock. */
    int earlierLeases;

    volatile long invocations;

    ExecutorSlot(LeaseTerms terms, int generation, String secret) {
        this.terms = terms;
        this.generation = generation;
        this.secret = secret;
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
        frozen = true;
        ExecutorProcess running = process;
        if (running != null) {
            running.freeze(0);
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
        frozen = false;
        ExecutorProcess standing = process;
        if (standing != null) {
            standing.thaw();
        }
        boolean start = held;
        held = false;
        return start;
    }

    /** Whether it must not be started yet: {@link #thaw} will say so. */
    synchronized boolean startsAfterThaw() {
        held = frozen;
        return held;
    }

    /** Its process runs, or stands still if it must. */
    synchronized void started(ExecutorProcess running) {
        process = running;
        if (frozen) {
            running.freeze(0);
        }
    }

    /**
     * Whether nothing of it runs, or nothing must stand still: asks the kernel again if need be.
     * One that is cancelled is being killed, frozen until then, and may not be frozen anew
     * meanwhile.
     */
    synchronized boolean stands() {
        ExecutorProcess running = process;
        return !frozen || cancelled || running == null || running.freeze(0) || !running.alive();
    }

    /** Its process is another lease's from now on. */
    synchronized void released() {
        process = null;
    }
}
