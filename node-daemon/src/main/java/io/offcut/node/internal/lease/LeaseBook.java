package io.offcut.node.internal.lease;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.node.internal.lease.HeldLease.Phase;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The leases of one node.
 *
 * <pre>
 *   ──open──▶ STARTING ──ready──▶ RUNNING ──end, expiry, reclaim──▶ ENDING ──evicted──▶ (ended)
 *                ▲  └────died───────┐ │ died                          ▲
 *                └────open────────  DOWN ─────────────────────────────┘
 * </pre>
 *
 * <p>A lease of memory only goes from STARTING or RUNNING to ENDING when its holder died.
 *
 * <p>Invariants: two leases never hold the same core, an ending one included; what the leases of an
 * offer hold never exceeds the offer once the actions of a shrink are done; a lease that ended is
 * never opened again; every open gets exactly one answer; the scheduler hears of a lease that lives
 * from its first opening on, because one that nobody opens is the scheduler's to end. For one
 * thread; time is the argument, in milliseconds since the epoch.
 */
public final class LeaseBook {
    /** A lease that ended is shown in snapshots for so long. */
    private static final long SHOW_ENDED_MILLIS = 60_000;

    /** Longest life of a token whose end is not known to us. */
    private static final long UNKNOWN_TOKEN_MILLIS = 24 * 3_600_000L;

    /** Tokens of a renewed lease may outlive the expiry we know: its scheduler may be ahead. */
    private static final long FORGET_SLACK_MILLIS = 3_600_000;

    private static final long START_WINDOW_MILLIS = 60_000;

    private final String nodeName;
    private final int maxStarts;
    private final Map<String, HeldLease> held = new LinkedHashMap<>();
    private final EndedLeases ended = new EndedLeases();
    private List<Offer> offers = List.of();

    /**
     * @param maxStarts executors that one lease may start within a minute
     */
    public LeaseBook(String nodeName, int maxStarts) {
        this.nodeName = nodeName;
        this.maxStarts = maxStarts;
    }

    /** Takes over what an earlier daemon of this node held. Only before the first event. */
    public void restore(
            List<Offer> heldOffers, Collection<HeldLease> leases, Collection<EndedLease> over) {
        offers = List.copyOf(heldOffers);
        leases.forEach(lease -> held.put(lease.leaseId(), lease));
        over.forEach(ended::add);
    }

    /** Takes one event; returns what is to be done. Never throws for what an event says. */
    public List<LeaseAction> apply(LeaseEvent event, long nowMillis) {
        List<LeaseAction> actions = new ArrayList<>();
        switch (event) {
            case LeaseEvent.OffersChanged changed -> offersChanged(changed, nowMillis, actions);
            case LeaseEvent.Open open -> open(open.terms(), nowMillis, actions);
            case LeaseEvent.Grant grant -> granted(grant.terms(), nowMillis, actions);
            case LeaseEvent.ExecutorReady ready ->
                    executorReady(ready.leaseId(), ready.generation(), actions);
            case LeaseEvent.ExecutorDied died ->
                    executorDied(died.leaseId(), died.generation(), actions);
            case LeaseEvent.End end -> end(end.leaseId(), end.reason(), nowMillis, actions);
            case LeaseEvent.Extend extend ->
                    extend(extend.leaseId(), extend.expiresAtMillis(), actions);
            case LeaseEvent.Evicted evicted -> evicted(evicted.leaseId(), nowMillis, actions);
            case LeaseEvent.Used used -> used(used, nowMillis, actions);
            case LeaseEvent.Tick tick -> tick(nowMillis, actions);
        }
        return actions;
    }

    /** The leases it holds, in the order they were opened. */
    public List<HeldLease> held() {
        return List.copyOf(held.values());
    }

    /** One it holds; null when there is none. */
    public @Nullable HeldLease held(String leaseId) {
        return held.get(leaseId);
    }

    /** What it knows of a lease that ended; null when it knows nothing. */
    public @Nullable EndedLease endedLease(String leaseId) {
        return ended.get(leaseId);
    }

    /** All ended leases that must be remembered, to be written down. */
    public List<EndedLease> endedLeases() {
        return ended.all();
    }

    /** The present offers. */
    public List<Offer> offers() {
        return offers;
    }

    /** All cores that are offered, leased ones included. */
    public CpuSet offeredCores() {
        return offers.stream().map(Offer::cores).reduce(CpuSet.empty(), CpuSet::plus);
    }

    /** Memory that is offered with cores and that no lease has, an ending one included. */
    public long unleasedBytes() {
        long bytes = 0;
        Set<String> coreless = new HashSet<>();
        for (Offer offer : offers) {
            if (offer.cores().isEmpty()) {
                coreless.add(offer.offerId());
            } else {
                bytes += offer.memoryBytes();
            }
        }
        for (HeldLease lease : held.values()) {
            bytes -= coreless.contains(lease.terms().offerId()) ? 0 : lease.terms().memoryBytes();
        }
        return Math.max(0, bytes);
    }

    /** Everything the scheduler should hear of: what is held, and what ended a short while ago. */
    public List<LeaseReport> reports(long nowMillis) {
        List<LeaseReport> reports = new ArrayList<>();
        held.values().stream()
                .filter(lease -> lease.isOpened() || lease.phase() == Phase.ENDING)
                .forEach(lease -> reports.add(lease.report(nowMillis)));
        ended.all().stream()
                .filter(e -> nowMillis - e.endedAtMillis() < SHOW_ENDED_MILLIS)
                .forEach(e -> reports.add(e.report()));
        return reports;
    }

    private void offersChanged(
            LeaseEvent.OffersChanged changed, long now, List<LeaseAction> actions) {
        offers = List.copyOf(changed.offers());
        Map<String, Long> usedBytes = new LinkedHashMap<>();
        // When memory shrinks, leases of nothing else go first, then the newest.
        List<HeldLease> lastToGoFirst = new ArrayList<>(held());
        lastToGoFirst.sort(Comparator.comparing(lease -> lease.terms().memoryOnly()));
        for (HeldLease lease : lastToGoFirst) {
            if (lease.phase() == Phase.ENDING) {
                continue;
            }
            Offer offer = offer(lease.terms().offerId());
            long bytes =
                    usedBytes.getOrDefault(lease.terms().offerId(), 0L)
                            + lease.terms().memoryBytes();
            if (offer == null
                    || !offer.cores().containsAll(lease.terms().cores())
                    || bytes > offer.memoryBytes()) {
                HeldLease ending = startEnding(lease, changed.reason(), actions);
                // Which of them is for the node to say: the scheduler hears it before the offers.
                actions.add(new LeaseAction.Report(ending.report(now)));
            } else {
                usedBytes.put(offer.offerId(), bytes);
            }
        }
    }

    private void open(LeaseTerms terms, long now, List<LeaseAction> actions) {
        String id = terms.leaseId();
        HeldLease lease = held.get(id);
        EndedLease over = ended.get(id);
        if (!terms.nodeName().equals(nodeName)) {
            refuse(
                    ErrorCode.FORBIDDEN,
                    "lease " + id + " is for node " + terms.nodeName() + ", this is " + nodeName,
                    actions);
        } else if (over != null) {
            refuse(
                    ErrorCode.CONFLICT,
                    "lease " + id + " has ended: " + over.report().endReason(),
                    actions);
        } else if (lease != null) {
            reopen(lease, terms, now, actions);
        } else if (now >= terms.expiresAtEpochMillis()) {
            refuse(
                    ErrorCode.CONFLICT,
                    "lease " + id + " has expired; ask the scheduler for a new one",
                    actions);
        } else {
            admit(terms, now, now, actions);
        }
    }

    /** Its executor gets ready; the client, which comes with a token, gets the answer. */
    private void granted(LeaseTerms terms, long now, List<LeaseAction> actions) {
        boolean known = held.containsKey(terms.leaseId()) || ended.get(terms.leaseId()) != null;
        if (terms.nodeName().equals(nodeName) && !known && now < terms.expiresAtEpochMillis()) {
            admit(terms, now, 0, actions);
        }
    }

    private void reopen(HeldLease lease, LeaseTerms shown, long now, List<LeaseAction> actions) {
        extend(lease.leaseId(), shown.expiresAtEpochMillis(), actions);
        HeldLease present = held.getOrDefault(lease.leaseId(), lease);
        if (!present.isOpened() && present.liveAt(now)) {
            present = present.opened(now);
            replace(present, actions);
            actions.add(new LeaseAction.Report(present.report(now)));
        }
        if (!present.liveAt(now)) {
            if (present.phase() != Phase.ENDING) {
                startEnding(present, EndReason.EXPIRED, actions);
            }
            refuse(ErrorCode.CONFLICT, "lease " + lease.leaseId() + " has ended", actions);
        } else if (present.phase() == Phase.DOWN) {
            restart(present, now, actions);
        } else {
            actions.add(new LeaseAction.Serve(present.leaseId(), present.generation()));
        }
    }

    private void restart(HeldLease lease, long now, List<LeaseAction> actions) {
        List<Long> starts =
                new ArrayList<>(
                        lease.startsMillis().stream()
                                .filter(at -> now - at < START_WINDOW_MILLIS)
                                .toList());
        if (starts.size() >= maxStarts) {
            startEnding(lease, EndReason.EXECUTOR_FAILED, actions);
            refuse(
                    ErrorCode.CONFLICT,
                    "lease "
                            + lease.leaseId()
                            + " has ended: its executor failed "
                            + starts.size()
                            + " times within a minute; look at the function",
                    actions);
            return;
        }
        starts.add(now);
        start(lease.restarted(starts), now, actions);
    }

    private void admit(LeaseTerms terms, long now, long openedAtMillis, List<LeaseAction> actions) {
        String id = terms.leaseId();
        Offer offer = offer(terms.offerId());
        if (offer == null || !offer.cores().containsAll(terms.cores())) {
            refuseForGood(
                    terms,
                    now,
                    "lease " + id + ": cores " + terms.cores() + " are no longer offered",
                    actions);
            return;
        }
        boolean fitsNow = fits(terms, offer, List.copyOf(held.values()));
        boolean fitsSoon =
                fits(
                        terms,
                        offer,
                        held.values().stream().filter(lease -> lease.liveAt(now)).toList());
        if (fitsNow) {
            start(
                    new HeldLease(
                            terms,
                            Phase.STARTING,
                            1,
                            openedAtMillis,
                            List.of(now),
                            LeaseUsage.NONE,
                            LeaseUsage.NONE,
                            null),
                    now,
                    actions);
        } else if (fitsSoon) {
            tick(now, actions);
            actions.add(new LeaseAction.Later("the cores of lease " + id + " are being freed"));
        } else {
            refuseForGood(
                    terms,
                    now,
                    "lease " + id + ": its cores are held or its memory is no longer free",
                    actions);
        }
    }

    private static boolean fits(LeaseTerms terms, Offer offer, List<HeldLease> beside) {
        long bytes = terms.memoryBytes();
        for (HeldLease lease : beside) {
            if (lease.terms().cores().intersects(terms.cores())) {
                return false;
            }
            if (lease.terms().offerId().equals(offer.offerId())) {
                bytes += lease.terms().memoryBytes();
            }
        }
        return bytes <= offer.memoryBytes();
    }

    private void start(HeldLease lease, long now, List<LeaseAction> actions) {
        held.put(lease.leaseId(), lease);
        actions.add(new LeaseAction.Start(lease.terms(), lease.generation()));
        actions.add(new LeaseAction.Keep(lease));
        if (lease.isOpened()) {
            actions.add(new LeaseAction.Report(lease.report(now)));
        }
        actions.add(new LeaseAction.Serve(lease.leaseId(), lease.generation()));
    }

    private void executorReady(String leaseId, int generation, List<LeaseAction> actions) {
        HeldLease lease = held.get(leaseId);
        if (lease != null && lease.generation() == generation && lease.phase() == Phase.STARTING) {
            replace(lease.withPhase(Phase.RUNNING), actions);
        }
    }

    private void executorDied(String leaseId, int generation, List<LeaseAction> actions) {
        HeldLease lease = held.get(leaseId);
        if (lease != null
                && lease.generation() == generation
                && (lease.phase() == Phase.STARTING || lease.phase() == Phase.RUNNING)) {
            if (lease.terms().memoryOnly()) {
                // What was in it is lost: another holder would hold other memory.
                startEnding(lease, EndReason.EXECUTOR_FAILED, actions);
            } else {
                replace(lease.down(), actions);
            }
        }
    }

    private void end(String leaseId, EndReason reason, long now, List<LeaseAction> actions) {
        HeldLease lease = held.get(leaseId);
        EndedLease over = ended.get(leaseId);
        if (lease != null) {
            if (lease.phase() != Phase.ENDING) {
                startEnding(lease, reason, actions);
            }
        } else if (over != null) {
            actions.add(new LeaseAction.Report(over.report()));
        } else {
            LeaseTerms unknown = unknownTerms(leaseId);
            remember(unknown, reason, LeaseUsage.NONE, now, now + UNKNOWN_TOKEN_MILLIS, actions);
        }
    }

    // Only the id is known of a lease that was never opened here: the rest stands for nothing.
    private LeaseTerms unknownTerms(String leaseId) {
        return new LeaseTerms(leaseId, "", "", nodeName, "", "", CpuSet.of(0), 0, 0, 0, 0);
    }

    private void extend(String leaseId, long expiresAtMillis, List<LeaseAction> actions) {
        HeldLease lease = held.get(leaseId);
        if (lease != null
                && lease.phase() != Phase.ENDING
                && expiresAtMillis > lease.terms().expiresAtEpochMillis()) {
            replace(lease.withExpiry(expiresAtMillis), actions);
        }
    }

    private void evicted(String leaseId, long now, List<LeaseAction> actions) {
        HeldLease lease = held.get(leaseId);
        if (lease == null || lease.ending() == null) {
            return;
        }
        held.remove(leaseId);
        remember(
                lease.terms(),
                lease.ending(),
                lease.usage(now),
                now,
                Math.max(now, lease.terms().expiresAtEpochMillis()) + FORGET_SLACK_MILLIS,
                actions);
    }

    private void used(LeaseEvent.Used used, long now, List<LeaseAction> actions) {
        HeldLease lease = held.get(used.leaseId());
        if (lease == null || lease.generation() != used.generation()) {
            return;
        }
        // An executor's counts are not trusted to grow: it is somebody else's code.
        LeaseUsage next = lease.current().max(used.usage());
        if (!next.equals(lease.current())) {
            HeldLease changed = lease.withCurrent(next);
            held.put(lease.leaseId(), changed);
            if (changed.isOpened()) {
                actions.add(new LeaseAction.Report(changed.report(now)));
            }
        }
    }

    private void tick(long now, List<LeaseAction> actions) {
        ended.forgetOld(now);
        for (HeldLease lease : held()) {
            if (lease.phase() != Phase.ENDING && !lease.liveAt(now)) {
                startEnding(lease, EndReason.EXPIRED, actions);
            }
        }
    }

    private HeldLease startEnding(HeldLease lease, EndReason reason, List<LeaseAction> actions) {
        if (reason == EndReason.RECLAIMED && !lease.terms().memoryOnly()) {
            // First of all: a job waits for these cores, and freezing frees them at once.
            actions.add(new LeaseAction.Freeze(lease.leaseId()));
        }
        HeldLease ending = lease.ending(reason);
        replace(ending, actions);
        actions.add(new LeaseAction.Evict(lease.leaseId(), reason));
        return ending;
    }

    private void refuseForGood(
            LeaseTerms terms, long now, String message, List<LeaseAction> actions) {
        remember(
                terms,
                EndReason.REFUSED,
                LeaseUsage.NONE,
                now,
                terms.expiresAtEpochMillis() + FORGET_SLACK_MILLIS,
                actions);
        refuse(ErrorCode.CONFLICT, message + "; ask the scheduler for a new one", actions);
    }

    private void remember(
            LeaseTerms terms,
            EndReason reason,
            LeaseUsage usage,
            long now,
            long forgetAt,
            List<LeaseAction> actions) {
        LeaseReport report = new LeaseReport(terms, LeaseState.ENDED, reason, usage);
        ended.add(new EndedLease(report, now, forgetAt));
        actions.add(new LeaseAction.Forget(terms.leaseId()));
        actions.add(new LeaseAction.Report(report));
    }

    private void replace(HeldLease lease, List<LeaseAction> actions) {
        held.put(lease.leaseId(), lease);
        actions.add(new LeaseAction.Keep(lease));
    }

    private static void refuse(ErrorCode code, String message, List<LeaseAction> actions) {
        actions.add(new LeaseAction.Refuse(code, message));
    }

    private @Nullable Offer offer(String offerId) {
        return offers.stream().filter(o -> o.offerId().equals(offerId)).findFirst().orElse(null);
    }
}
