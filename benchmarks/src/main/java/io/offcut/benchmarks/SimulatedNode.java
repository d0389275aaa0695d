package io.offcut.benchmarks;

import io.offcut.core.CpuSet;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A node that does as it is told and never fails, with one or two offers of its 64 cores. */
final class SimulatedNode {
    static final int CORES = 64;
    private static final int REMEMBERED_ENDS = 256;
    private static final long MEMORY_BYTES = 256L << 30;

    private final String name;
    private final NodeDescriptor descriptor;
    private final Map<String, LeaseTerms> running = new HashMap<>();
    private final LinkedHashSet<String> ended = new LinkedHashSet<>();
    private List<Offer> offers = List.of();
    private long sequence;

    SimulatedNode(String name, Random random) {
        this.name = name;
        this.descriptor =
                new NodeDescriptor(
                        name,
                        "http://" + name + ":7071",
                        name,
                        CpuSet.range(0, CORES - 1),
                        MEMORY_BYTES,
                        List.of("shm", "tcp"),
                        List.of("cgroup-v2"),
                        Map.of());
        drawOffers(random, 0);
    }

    String name() {
        return name;
    }

    int offeredCores() {
        return offers.stream().mapToInt(offer -> offer.cores().size()).sum();
    }

    /** Half of its cores on average are idle; a third of the time it is known until when. */
    void drawOffers(Random random, long nowMillis) {
        int unallocated = 1 + random.nextInt(CORES / 2);
        int underused = random.nextInt(CORES / 2);
        List<Offer> drawn = new ArrayList<>();
        drawn.add(
                offer("idle", 0, unallocated, Offer.Reason.UNALLOCATED, until(random, nowMillis)));
        if (underused > 0) {
            drawn.add(
                    offer(
                            "under",
                            CORES / 2,
                            underused,
                            Offer.Reason.UNDERUSED,
                            until(random, nowMillis)));
        }
        offers = drawn;
    }

    private static Offer offer(String id, int first, int cores, Offer.Reason reason, long until) {
        long bytes = MEMORY_BYTES / CORES * cores;
        return new Offer(id, CpuSet.range(first, first + cores - 1), bytes, reason, until);
    }

    private static long until(Random random, long nowMillis) {
        return nowMillis == 0 || random.nextInt(3) > 0
                ? Offer.UNKNOWN_UNTIL
                : nowMillis + 10_000 + random.nextInt(7_200_000);
    }

    BrainEvent snapshot(long nowMillis) {
        List<LeaseReport> reports = running.values().stream().map(SimulatedNode::active).toList();
        return say(
                new NodeMessage.Snapshot(
                        ++sequence, NodeMessage.PROTOCOL_VERSION, 1, descriptor, offers, reports));
    }

    BrainEvent heartbeat() {
        return say(new NodeMessage.Heartbeat(++sequence));
    }

    BrainEvent offersChanged() {
        List<String> gone = offers.size() < 2 ? List.of("under") : List.of();
        return say(new NodeMessage.OffersChanged(++sequence, offers, gone));
    }

    /** Opens a lease, or says that it has used more; a heartbeat when it may not be opened. */
    BrainEvent running(LeaseTerms terms) {
        if (ended.contains(terms.leaseId())) {
            return heartbeat();
        }
        running.put(terms.leaseId(), terms);
        return say(new NodeMessage.LeaseChanged(++sequence, active(terms)));
    }

    BrainEvent ended(SchedulerMessage.EndLease order) {
        LeaseTerms terms = running.remove(order.leaseId());
        ended.add(order.leaseId());
        if (ended.size() > REMEMBERED_ENDS) {
            ended.removeFirst();
        }
        if (terms == null) {
            terms = new LeaseTerms(order.leaseId(), "", "", name, "", "", CpuSet.of(0), 0, 0, 0, 0);
        }
        return say(
                new NodeMessage.LeaseChanged(
                        ++sequence,
                        new LeaseReport(terms, LeaseState.ENDED, order.reason(), LeaseUsage.NONE)));
    }

    private static LeaseReport active(LeaseTerms terms) {
        return new LeaseReport(terms, LeaseState.ACTIVE, null, LeaseUsage.NONE);
    }

    private BrainEvent say(NodeMessage message) {
        return new BrainEvent.FromNode(name, 1, message);
    }
}
