package io.offcut.node.internal.lease;

import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One lease that this node has not ended yet.
 *
 * @param generation of its present or last executor, from 1
 * @param openedAtMillis first opening; 0 while only the scheduler has spoken of it
 * @param startsMillis when its latest executors were started, the newest last
 * @param earlier what its executors that are gone have used
 * @param current what its present executor has used
 * @param ending set exactly in the phase {@link Phase#ENDING}
 */
public record HeldLease(
        LeaseTerms terms,
        Phase phase,
        int generation,
        long openedAtMillis,
        List<Long> startsMillis,
        LeaseUsage earlier,
        LeaseUsage current,
        @Nullable EndReason ending) {
    /** The life of a lease on its node. */
    public enum Phase {
        /** An executor was started and does not answer yet. */
        STARTING,
        /** Its executor serves. */
        RUNNING,
        /** Its executor died; the next opening starts another. */
        DOWN,
        /** Over for its client; its executor is being removed. */
        ENDING
    }

    public HeldLease {
        startsMillis = List.copyOf(startsMillis);
        if ((phase == Phase.ENDING) != (ending != null)) {
            throw new IllegalArgumentException(terms.leaseId() + " " + phase + " " + ending);
        }
    }

    public String leaseId() {
        return terms.leaseId();
    }

    /** Whether it still takes part: neither ending nor over its time. */
    public boolean liveAt(long nowMillis) {
        return phase != Phase.ENDING && nowMillis < terms.expiresAtEpochMillis();
    }

    /** Whether its client has come. */
    boolean isOpened() {
        return openedAtMillis > 0;
    }

    /** What all its executors have used, open since {@link #openedAtMillis}. */
    public LeaseUsage usage(long nowMillis) {
        return earlier.plus(current, isOpened() ? Math.max(0, nowMillis - openedAtMillis) : 0);
    }

    /** As the scheduler is told while the lease is not over. */
    public LeaseReport report(long nowMillis) {
        LeaseState state = ending == EndReason.RECLAIMED ? LeaseState.REVOKING : LeaseState.ACTIVE;
        return new LeaseReport(terms, state, null, usage(nowMillis));
    }

    /** As a new daemon holds it whose predecessor's executor still lives but was not heard yet. */
    public HeldLease adopted() {
        return phase == Phase.ENDING ? this : withPhase(Phase.STARTING);
    }

    /** As a new daemon holds it when no executor of its predecessor lives. */
    public HeldLease lost() {
        if (phase == Phase.ENDING) {
            return this;
        }
        // Another holder would hold other memory.
        return terms.memoryOnly() ? ending(EndReason.EXECUTOR_FAILED) : down();
    }

    HeldLease opened(long nowMillis) {
        return new HeldLease(
                terms, phase, generation, nowMillis, startsMillis, earlier, current, ending);
    }

    HeldLease withPhase(Phase next) {
        return new HeldLease(
                terms, next, generation, openedAtMillis, startsMillis, earlier, current, null);
    }

    HeldLease withExpiry(long expiresAtMillis) {
        return new HeldLease(
                terms.withExpiry(expiresAtMillis),
                phase,
                generation,
                openedAtMillis,
                startsMillis,
                earlier,
                current,
                ending);
    }

    HeldLease withCurrent(LeaseUsage used) {
        return new HeldLease(
                terms, phase, generation, openedAtMillis, startsMillis, earlier, used, ending);
    }

    HeldLease ending(EndReason reason) {
        return new HeldLease(
                terms,
                Phase.ENDING,
                generation,
                openedAtMillis,
                startsMillis,
                earlier,
                current,
                reason);
    }

    /** Its executor is gone: what it used is kept. */
    HeldLease down() {
        return new HeldLease(
                terms,
                Phase.DOWN,
                generation,
                openedAtMillis,
                startsMillis,
                earlier.plus(current, 0),
                LeaseUsage.NONE,
                null);
    }

    /** With the next executor on its way. */
    HeldLease restarted(List<Long> starts) {
        return new HeldLease(
                terms,
                Phase.STARTING,
                generation + 1,
                openedAtMillis,
                starts,
                earlier,
                current,
                null);
    }
}
