package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A node that honours exactly the tokens that are valid and fit: for it, not expired, not ended
 * before, inside a present offer, beside everything it holds. It has the last word; what it holds
 * is the truth that the core's picture is compared with.
 */
final class FakeNode {
    static final long BYTES_PER_CORE = 1_000;

    /** What it runs, or is just ending. */
    private static final class Held {
        LeaseTerms terms;
        @Nullable EndReason ending;
        long invocations;

        Held(LeaseTerms terms) {
            this.terms = terms;
        }
    }

    final String name;
    final FaultyLink link;
    final int coreCount;
    long incarnation;

    /** Ids that it once said, or could say, are ended: the scheduler may rely on them. */
    final Set<String> everEnded = new HashSet<>();

    private final History history;
    private final long clockSkewMillis;
    private final Map<String, Held> held = new LinkedHashMap<>();
    private final Map<String, EndReason> ended = new LinkedHashMap<>();
    private final TreeMap<String, Offer> offers = new TreeMap<>();
    private boolean alive;
    private boolean doomed;
    private long sequence;
    private int offerIds;

    FakeNode(History history, String name, int coreCount) {
        this.history = history;
        this.name = name;
        this.coreCount = coreCount;
        this.link = new FaultyLink(history, this);
        int skew = history.faults.clockSkewMillis();
        this.clockSkewMillis = skew == 0 ? 0 : history.random.nextInt(2 * skew) - skew;
    }

    boolean alive() {
        return alive;
    }

    void start() {
        if (alive || doomed) {
            return;
        }
        alive = true;
        incarnation = Math.max(incarnation + 1, history.now);
        sequence = 0;
        if (offers.isEmpty()) {
            drawOffers();
        }
        link.connect();
        long mine = incarnation;
        history.in(1_000, () -> beat(mine));
        plan(mine, history.faults.linkBreakMillis(), () -> link.breakDown(history.happens(0.8)));
        plan(mine, history.faults.nodeDeathMillis(), this::die);
        plan(mine, history.faults.offerChangeMillis(), this::changeOffers);
        plan(mine, history.faults.drainMillis(), this::drainOrResume);
        plan(mine, history.faults.planMillis(), this::changeExpectations);
    }

    private void plan(long mine, long meanMillis, Runnable event) {
        if (meanMillis > 0 && !history.calm) {
            history.in(
                    history.someTime(meanMillis),
                    () -> {
                        if (alive && incarnation == mine && !history.calm) {
                            event.run();
                            plan(mine, meanMillis, event);
                        }
                    });
        }
    }

    private void die() {
        alive = false;
        link.breakDown(history.happens(0.8));
        if (!history.happens(history.faults.keepsExecutors())) {
            held.clear();
            offers.clear();
        }
        if (!history.faults.remembersEnded()) {
            ended.clear();
        }
        history.in(history.random.nextInt(10_000), this::start);
    }

    /** The faults are over. */
    void recover() {
        start();
        link.connect();
        if (offers.isEmpty()) {
            drawOffers();
        }
        if (alive && link.up()) {
            sendSnapshot();
        }
    }

    void dieForGood() {
        doomed = true;
        alive = false;
        link.breakDown(true);
    }

    private void drainOrResume() {
        history.feed(
                history.random.nextBoolean()
                        ? new BrainEvent.NodeDrained(name, "test")
                        : new BrainEvent.NodeResumed(name));
    }

    private void changeExpectations() {
        List<IdleEnd> ends = new ArrayList<>();
        for (int i = history.random.nextInt(3); i > 0; i--) {
            IdleEnd.Why[] kinds = IdleEnd.Why.values();
            long at = history.now - 5_000 + history.random.nextInt(40_000);
            ends.add(new IdleEnd(at, kinds[history.random.nextInt(kinds.length - 1)], "x"));
        }
        history.feed(new BrainEvent.IdleEndsExpected(name, ends));
    }

    private void beat(long mine) {
        if (!alive || incarnation != mine) {
            return;
        }
        expire();
        if (link.up()) {
            link.toBrain(new NodeMessage.Heartbeat(++sequence));
        }
        for (Held lease : List.copyOf(held.values())) {
            if (lease.ending == null && history.happens(0.1)) {
                lease.invocations++;
                report(running(lease));
            }
        }
        history.in(1_000, () -> beat(mine));
    }

    boolean holds(String leaseId) {
        return held.containsKey(leaseId);
    }

    long clockMillis() {
        return history.now + clockSkewMillis;
    }

    private void expire() {
        for (Held lease : List.copyOf(held.values())) {
            if (lease.terms.expiresAtEpochMillis() <= clockMillis()) {
                startEnding(lease, EndReason.EXPIRED);
            }
        }
    }

    /** A client shows a token. */
    void open(LeaseTerms terms) {
        String id = terms.leaseId();
        Held present = held.get(id);
        if (!alive || !terms.nodeName().equals(name) || ended.containsKey(id)) {
            return;
        }
        if (present != null) {
            extend(id, terms.expiresAtEpochMillis());
        } else if (terms.expiresAtEpochMillis() > clockMillis()) {
            if (fits(terms)) {
                Held lease = new Held(terms);
                held.put(id, lease);
                report(running(lease));
            } else {
                remember(terms, EndReason.REFUSED, 0);
            }
        }
    }

    private boolean fits(LeaseTerms terms) {
        Offer offer = offers.get(terms.offerId());
        if (offer == null || !offer.cores().containsAll(terms.cores())) {
            return false;
        }
        long bytes = terms.memoryBytes();
        for (Held other : held.values()) {
            if (other.terms.cores().intersects(terms.cores())) {
                return false;
            }
            bytes += other.terms.offerId().equals(offer.offerId()) ? other.terms.memoryBytes() : 0;
        }
        return bytes <= offer.memoryBytes();
    }

    void told(SchedulerMessage message) {
        switch (message) {
            case SchedulerMessage.SendSnapshot ask -> sendSnapshot();
            case SchedulerMessage.EndLease end -> end(end.leaseId(), end.reason());
            case SchedulerMessage.ExtendLease extend ->
                    extend(extend.leaseId(), extend.expiresAtEpochMillis());
            case SchedulerMessage.OpenLease open -> {}
            case SchedulerMessage.Welcome welcome -> {}
        }
    }

    private void extend(String leaseId, long expiresAtMillis) {
        Held lease = held.get(leaseId);
        if (lease != null && expiresAtMillis > lease.terms.expiresAtEpochMillis()) {
            lease.terms = lease.terms.withExpiry(expiresAtMillis);
        }
    }

    private void end(String leaseId, EndReason reason) {
        Held lease = held.get(leaseId);
        EndReason before = ended.get(leaseId);
        if (lease != null) {
            startEnding(lease, reason);
        } else {
            remember(unknown(leaseId), before == null ? reason : before, 0);
        }
    }

    private LeaseTerms unknown(String leaseId) {
        return new LeaseTerms(leaseId, "", "", name, "", "", CpuSet.of(0), 0, 0, 0, 0);
    }

    private void startEnding(Held lease, EndReason reason) {
        if (lease.ending != null) {
            return;
        }
        lease.ending = reason;
        long mine = incarnation;
        history.in(
                history.random.nextInt(history.calm ? 300 : history.faults.endingMillis()),
                () -> {
                    if (alive && incarnation == mine && held.remove(lease.terms.leaseId(), lease)) {
                        remember(lease.terms, reason, lease.invocations);
                    }
                });
    }

    private void remember(LeaseTerms terms, EndReason reason, long invocations) {
        ended.put(terms.leaseId(), reason);
        everEnded.add(terms.leaseId());
        report(new LeaseReport(terms, LeaseState.ENDED, reason, new LeaseUsage(invocations, 0, 0)));
    }

    private void report(LeaseReport report) {
        if (link.up()) {
            link.toBrain(new NodeMessage.LeaseChanged(++sequence, report));
        }
    }

    private LeaseReport running(Held lease) {
        return new LeaseReport(
                lease.terms, LeaseState.ACTIVE, null, new LeaseUsage(lease.invocations, 0, 0));
    }

    void sendSnapshot() {
        // An ending that began under an earlier daemon is carried on by this one.
        for (Held lease : List.copyOf(held.values())) {
            EndReason reason = lease.ending;
            if (reason != null) {
                lease.ending = null;
                startEnding(lease, reason);
            }
        }
        if (link.up()) {
            link.toBrain(
                    new NodeMessage.Snapshot(
                            ++sequence,
                            NodeMessage.PROTOCOL_VERSION,
                            incarnation,
                            BrainFixture.descriptor(name, "h" + coreCount),
                            List.copyOf(offers.values()),
                            held.values().stream().map(this::running).toList()));
        }
    }

    private void changeOffers() {
        List<String> old = List.copyOf(offers.keySet());
        if (history.happens(0.5)) {
            offers.replaceAll((id, offer) -> shift(offer));
        } else {
            offers.clear();
            drawOffers();
        }
        Map<String, Long> used = new TreeMap<>();
        List<Held> memoryLast = new ArrayList<>(held.values());
        memoryLast.sort(Comparator.comparing(lease -> lease.terms.memoryOnly()));
        for (Held lease : memoryLast) {
            Offer offer = offers.get(lease.terms.offerId());
            long bytes = used.merge(lease.terms.offerId(), lease.terms.memoryBytes(), Long::sum);
            if (offer == null
                    || !offer.cores().containsAll(lease.terms.cores())
                    || bytes > offer.memoryBytes()) {
                startEnding(lease, EndReason.RECLAIMED);
            }
        }
        if (link.up()) {
            List<String> gone = old.stream().filter(id -> !offers.containsKey(id)).toList();
            link.toBrain(
                    new NodeMessage.OffersChanged(++sequence, List.copyOf(offers.values()), gone));
        }
    }

    private Offer shift(Offer offer) {
        CpuSet cores = offer.cores();
        if (history.random.nextBoolean() && cores.size() > 1) {
            cores = cores.lowest(1 + history.random.nextInt(cores.size() - 1));
        }
        return new Offer(offer.offerId(), cores, bytes(cores.size()), offer.reason(), until());
    }

    /** Cuts its cores into up to three offers, and leaves some out. */
    private void drawOffers() {
        List<CpuSet> parts =
                new ArrayList<>(List.of(CpuSet.empty(), CpuSet.empty(), CpuSet.empty()));
        for (int core = 0; core < coreCount; core++) {
            int part = history.random.nextInt(4);
            if (part < 3) {
                parts.set(part, parts.get(part).plus(CpuSet.of(core)));
            }
        }
        boolean newIds = history.random.nextBoolean();
        for (int i = 0; i < 3; i++) {
            if (!parts.get(i).isEmpty()) {
                String id = newIds ? "p" + offerIds++ : "o" + i;
                offers.put(
                        id,
                        new Offer(
                                id,
                                parts.get(i),
                                bytes(parts.get(i).size()),
                                history.happens(0.8)
                                        ? Offer.Reason.UNALLOCATED
                                        : Offer.Reason.UNDERUSED,
                                until()));
            }
        }
    }

    private long bytes(int cores) {
        return cores * BYTES_PER_CORE * (1 + history.random.nextInt(3)) / 2;
    }

    private long until() {
        return history.random.nextInt(3) == 0
                ? history.now + history.random.nextInt(30_000)
                : Offer.UNKNOWN_UNTIL;
    }
}
