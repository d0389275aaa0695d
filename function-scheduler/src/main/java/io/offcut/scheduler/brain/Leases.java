package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.link.SchedulerMessage;
import org.jspecify.annotations.Nullable;

/**
 * The life of leases. Tokens are verified offline by nodes and the scheduler cannot take one back,
 * so a core is promised again only when nothing that was promised before can still be used:
 *
 * <pre>
 *             node runs it
 *   GRANTED ──────────────▶ ACTIVE
 *      │  released, revoked,  │
 *      │  reclaimed, drained, │                node: ended
 *      │  expired, not opened │              ┌──────────────────────────▶ cores free
 *      └──────────┬───────────┘              │
 *                 ▼                          │
 *             REVOKING ── EndLease, again ───┤ not named by a snapshot of the daemon that ran it
 *                 │       until the node     │
 *                 │       answers            │ never run by the present daemon, and its last
 *       node lost ▼                          │ token expired (and slack for clocks)
 *              ghost ── EndLease, when the ──┘
 *                       node is back
 * </pre>
 *
 * <p>The arrows to "cores free" are the only ones. A node that says "ended", of a lease in any
 * state, ends it; nodes answer every EndLease so and never open that id again. A ghost is ended for
 * its user (accounted, its request served elsewhere) and only holds its cores; what a node runs
 * that this core did not grant or has ended becomes one too, accounted when its cores are free if
 * only an earlier core can have granted it.
 *
 * <p>The user's workers count against quota and fairness while the lease is GRANTED or ACTIVE. A
 * request learns of a loss at the first arrow out of these two; {@code LeaseEnded} comes once, when
 * the lease reaches "cores free" or becomes a ghost.
 */
final class Leases {
    private final State state;
    private final Requests requests;

    Leases(State state, Requests requests) {
        this.state = state;
        this.requests = requests;
    }

    /**
     * Cuts workers, or for a wish for memory one lease without cores, from what is free of an
     * offer. The caller has checked that they fit.
     */
    void grant(Request request, OfferSlot slot, int workers) {
        var wish = request.wish;
        CpuSet cores = wish.memoryOnly() ? CpuSet.empty() : slot.free.lowest(workers);
        long ttlEnds =
                Timed.later(
                        state.nowMillis, Math.min(wish.ttlMillis(), state.config.maxTtlMillis()));
        LeaseTerms terms =
                new LeaseTerms(
                        state.newLeaseId(),
                        request.id,
                        request.user.name,
                        slot.node.name,
                        slot.offer.offerId(),
                        wish.bundle(),
                        cores,
                        workers * wish.memoryBytesPerWorker(),
                        wish.payloadBytes(),
                        wish.hotTimeoutMicros(),
                        Math.min(ttlEnds, slot.offer.untilEpochMillis()));
        Lease lease = new Lease(slot.node, request, terms, LeaseState.GRANTED, state.nowMillis);
        lease.ttlEndsAtMillis = ttlEnds;
        lease.offerUntilMillis = slot.offer.untilEpochMillis();
        state.leases.put(terms.leaseId(), lease);
        request.pending -= workers;
        requests.gained(request, lease);
        requests.enqueue(request);
        hold(lease);
        boolean near =
                !wish.preferredHostId().isEmpty()
                        && wish.preferredHostId().equals(slot.node.hostId());
        state.emit(new BrainCommand.Granted(terms, near));
        schedule(lease);
    }

    /** Takes over what a node runs for an earlier core. The caller has checked that it may. */
    void adopt(Node node, Request request, LeaseReport report) {
        Lease lease = reported(node, request, report, LeaseState.ACTIVE);
        lease.openedOrder = state.nextOpening();
        state.leases.put(lease.terms.leaseId(), lease);
        requests.gained(request, lease);
        hold(lease);
        schedule(lease);
    }

    private Lease reported(
            Node node, @Nullable Request request, LeaseReport report, LeaseState leaseState) {
        long granted = Math.max(0, state.nowMillis - report.usage().activeMillis());
        Lease lease = new Lease(node, request, report.terms(), leaseState, granted);
        lease.activeIncarnation = node.incarnation;
        lease.merge(report.usage());
        return lease;
    }

    /**
     * Something runs on a node that must not: holds its cores until it is gone.
     *
     * @param unaccounted whether its user has not been charged with it yet
     */
    void haunt(Node node, LeaseReport report, boolean unaccounted) {
        LeaseState standing = unaccounted ? LeaseState.REVOKING : LeaseState.ENDED;
        Lease ghost = reported(node, null, report, standing);
        if (report.state() == LeaseState.REVOKING) {
            ghost.reason = EndReason.RECLAIMED;
        } else {
            ghost.reason =
                    report.terms().expiresAtEpochMillis() <= state.nowMillis
                            ? EndReason.EXPIRED
                            : EndReason.REVOKED;
        }
        if (unaccounted) {
            state.leases.put(ghost.terms.leaseId(), ghost);
        }
        hold(ghost);
        sendEnd(ghost);
    }

    /** It ended before this core heard of it. */
    void account(Node node, LeaseReport report, EndReason reason) {
        Lease over = reported(node, null, report, LeaseState.REVOKING);
        finish(over, reason);
        bury(over);
    }

    /** The node says it runs this lease, or that it is about to end it for a job. */
    void running(Lease lease, LeaseReport report) {
        lease.merge(report.usage());
        lease.activeIncarnation = lease.node.incarnation;
        if (lease.openedOrder == Long.MAX_VALUE) {
            lease.openedOrder = state.nextOpening();
        }
        if (!lease.live()) {
            if (state.nowMillis - lease.endSentAtMillis >= state.config.heartbeatMillis()) {
                sendEnd(lease);
            }
            return;
        }
        if (report.state() == LeaseState.REVOKING) {
            revoke(lease, EndReason.RECLAIMED);
            return;
        }
        if (lease.state == LeaseState.GRANTED) {
            lease.state = LeaseState.ACTIVE;
            changed(lease);
            schedule(lease);
        }
        // The order to extend may have been lost.
        if (report.terms().expiresAtEpochMillis() < lease.terms.expiresAtEpochMillis()) {
            sendExtend(lease);
        }
    }

    /** The client is alive. */
    void renew(Lease lease, long ttlMillis) {
        if (!lease.live()) {
            return;
        }
        long ttl = Math.min(ttlMillis, state.config.maxTtlMillis());
        lease.ttlEndsAtMillis = Math.max(lease.ttlEndsAtMillis, Timed.later(state.nowMillis, ttl));
        extend(lease);
    }

    private boolean extend(Lease lease) {
        long expiry = Math.min(lease.ttlEndsAtMillis, lease.offerUntilMillis);
        if (expiry <= lease.terms.expiresAtEpochMillis()) {
            return false;
        }
        lease.terms = lease.terms.withExpiry(expiry);
        sendExtend(lease);
        state.emit(new BrainCommand.Renewed(lease.terms));
        changed(lease);
        schedule(lease);
        return true;
    }

    /** Its offer is expected to end then. What its client still has of its own time it gets. */
    void offerEnds(Lease lease, long untilMillis) {
        if (untilMillis == lease.offerUntilMillis) {
            return;
        }
        boolean later = untilMillis > lease.offerUntilMillis;
        lease.offerUntilMillis = untilMillis;
        if (!later || !extend(lease)) {
            schedule(lease);
        }
    }

    /** Ends a live lease from this side: the node is told, and holds the cores until it answers. */
    void revoke(Lease lease, EndReason reason) {
        if (!lease.live()) {
            return;
        }
        lease.state = LeaseState.REVOKING;
        lease.reason = reason;
        sendEnd(lease);
        tellRequestLost(lease, reason);
    }

    /** Nothing can use the lease any more: its cores are free. */
    void gone(Lease lease, EndReason nodeReason) {
        boolean wasLive = lease.live();
        // An expiry that the node saw before the client's own time was over is the offer's end.
        boolean early = nodeReason == EndReason.EXPIRED && state.nowMillis < lease.ttlEndsAtMillis;
        EndReason reason = early ? EndReason.RECLAIMED : nodeReason;
        finish(lease, reason);
        state.deadlines.remove(lease);
        lease.node.detach(lease);
        refresh(lease.node);
        bury(lease);
        if (wasLive) {
            tellRequestLost(lease, reason);
        }
    }

    /** One of an earlier core: for as long as its token may be shown, or its end told again. */
    private void bury(Lease lease) {
        if (!state.isOwnId(lease.terms.leaseId())) {
            long toldUntil = Timed.later(state.nowMillis, state.config.rememberEndedMillis());
            // What a node says of its end is not believed for longer than a lease can be.
            long shownUntil =
                    Math.min(
                            lease.terms.expiresAtEpochMillis(),
                            Timed.later(state.nowMillis, state.config.maxTtlMillis()));
            state.bury(
                    lease.terms.leaseId(),
                    Timed.later(Math.max(toldUntil, shownUntil), state.slackMillis()));
        }
    }

    /** Its node stopped answering: over for the user, though the node may go on with it. */
    void nodeLost(Lease lease) {
        boolean wasLive = lease.live();
        finish(lease, EndReason.NODE_LOST);
        schedule(lease);
        if (wasLive) {
            tellRequestLost(lease, EndReason.NODE_LOST);
        }
    }

    private void finish(Lease lease, EndReason reason) {
        if (lease.state == LeaseState.ENDED) {
            return;
        }
        EndReason first = lease.reason == null ? reason : lease.reason;
        lease.reason = first;
        lease.state = LeaseState.ENDED;
        lease.endedAtMillis = state.nowMillis;
        if (lease.request != null) {
            lease.request.ended(lease);
        }
        state.leases.remove(lease.terms.leaseId());
        state.emit(
                new BrainCommand.LeaseEnded(
                        lease.terms, first, lease.grantedAtMillis, state.nowMillis, lease.usage));
        changed(lease);
    }

    /** The time of a lease came. */
    void wake(Lease lease) {
        long now = state.nowMillis;
        if (lease.live()) {
            if (now >= lease.deadlineMillis()) {
                revoke(
                        lease,
                        now < lease.ttlEndsAtMillis ? EndReason.RECLAIMED : EndReason.EXPIRED);
            } else if (now >= activationEndsMillis(lease)) {
                revoke(lease, EndReason.EXPIRED);
            } else {
                schedule(lease);
            }
        } else if (now >= tokenDeadMillis(lease)
                && (lease.node.lost || !lease.openedByPresentDaemon())) {
            gone(lease, EndReason.EXPIRED);
        } else if (lease.node.lost) {
            schedule(lease);
        } else {
            sendEnd(lease);
        }
    }

    /** Sets when the lease is to be looked at next. */
    void schedule(Lease lease) {
        state.deadlines.set(lease, nextWakeMillis(lease));
    }

    private long nextWakeMillis(Lease lease) {
        if (lease.live()) {
            return Math.min(activationEndsMillis(lease), lease.deadlineMillis());
        }
        long again = Timed.later(Math.max(0, lease.endSentAtMillis), state.slackMillis());
        if (lease.node.lost) {
            return tokenDeadMillis(lease);
        }
        return lease.openedByPresentDaemon() ? again : Math.min(again, tokenDeadMillis(lease));
    }

    private long activationEndsMillis(Lease lease) {
        return lease.state == LeaseState.GRANTED
                ? Timed.later(lease.grantedAtMillis, state.config.activationMillis())
                : Timed.NEVER;
    }

    /** From then on no clock of ours takes any token of it for valid. */
    private long tokenDeadMillis(Lease lease) {
        return Timed.later(lease.terms.expiresAtEpochMillis(), state.slackMillis());
    }

    /** Tells the node to end it, now and again until it answers. */
    void sendEnd(Lease lease) {
        EndReason reason = lease.reason;
        state.sendEnd(lease, reason == null ? EndReason.REVOKED : reason);
        schedule(lease);
    }

    private void sendExtend(Lease lease) {
        state.send(
                lease.node,
                new SchedulerMessage.ExtendLease(
                        lease.terms.leaseId(), lease.terms.expiresAtEpochMillis()));
    }

    private void tellRequestLost(Lease lease, EndReason reason) {
        Request request = lease.request;
        if (request != null) {
            requests.lost(request, lease, reason);
        }
    }

    private void changed(Lease lease) {
        Request request = lease.request;
        if (request != null) {
            request.forgetEnded(state.nowMillis - state.config.rememberEndedMillis());
            state.changed(request);
        }
    }

    private void hold(Lease lease) {
        lease.node.attach(lease);
        refresh(lease.node);
    }

    /** Counts again what is free of a node's offers. */
    void refresh(Node node) {
        CpuSet taken = CpuSet.empty();
        for (Lease lease : node.leases.values()) {
            taken = taken.plus(lease.terms.cores());
        }
        node.taken = taken;
        for (OfferSlot slot : node.offers.values()) {
            refresh(slot);
        }
    }

    /** Counts again what is free of an offer. */
    void refresh(OfferSlot slot) {
        long used = 0;
        for (Lease lease : slot.node.leases.values()) {
            if (drawsOn(lease, slot)) {
                used += Math.min(lease.terms.memoryBytes(), Long.MAX_VALUE - used);
            }
        }
        state.index.update(
                slot,
                slot.cores.minus(slot.node.taken),
                Math.max(0, slot.offer.memoryBytes() - used),
                slot.node.placeable(),
                state.nowMillis);
        state.deadlines.set(slot, nextWakeMillis(slot.place, slot));
    }

    /**
     * Whether the lease's memory comes out of the offer. A lease that is being ended may have lost
     * its own: its memory is still full, so it counts where its cores are, and everywhere when it
     * has none.
     */
    private static boolean drawsOn(Lease lease, OfferSlot slot) {
        return lease.terms.offerId().equals(slot.offer.offerId())
                || (!lease.live()
                        && !lease.node.offers.containsKey(lease.terms.offerId())
                        && (lease.terms.memoryOnly()
                                || lease.terms.cores().intersects(slot.offer.cores())));
    }

    private static long nextWakeMillis(OfferIndex.@Nullable Place place, OfferSlot slot) {
        long fallsAtMillis =
                place == null
                        ? Timed.NEVER
                        : Lifetimes.fallsAtMillis(
                                slot.offer.untilEpochMillis(), place.lifetimeClass());
        return Math.min(fallsAtMillis, slot.notBelievedAtMillis());
    }
}
