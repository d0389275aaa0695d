package io.offcut.simulator.internal.functions;

import io.offcut.core.CpuSet;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.NodeMessage;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.simulator.internal.cluster.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the daemon of one node does: offers the cores that were idle long enough, all in one offer,
 * runs leases on them, and ends every lease that loses a core. For one thread.
 */
final class NodeAgent {
    private static final String OFFER_ID = "idle";
    private static final long INCARNATION = 1;

    final Node node;
    private final String name;
    private final Map<String, OpenLease> leases = new LinkedHashMap<>();
    private long sequence;
    private @Nullable Offer offer;
    long offeredSinceMillis;

    NodeAgent(Node node) {
        this.node = node;
        this.name = nameOf(node.index());
    }

    static String nameOf(int index) {
        return "n" + index;
    }

    static int indexOf(String nodeName) {
        return Integer.parseInt(nodeName.substring(1));
    }

    /** Everything the node has: the first message, and the answer when it is asked for. */
    BrainEvent snapshot() {
        NodeDescriptor descriptor =
                new NodeDescriptor(
                        name,
                        "sim://" + name,
                        name,
                        CpuSet.range(0, node.cores() - 1),
                        node.memoryBytes(),
                        List.of("shm", "tcp"),
                        List.of(),
                        Map.of());
        return event(
                new NodeMessage.Snapshot(
                        ++sequence,
                        NodeMessage.PROTOCOL_VERSION,
                        INCARNATION,
                        descriptor,
                        offer == null ? List.of() : List.of(offer),
                        leases.values().stream().map(NodeAgent::running).toList()));
    }

    private static LeaseReport running(OpenLease lease) {
        return new LeaseReport(lease.terms(), LeaseState.ACTIVE, null, LeaseUsage.NONE);
    }

    int offeredCores() {
        return offer == null ? 0 : offer.cores().size();
    }

    /** Takes the offer that the node has now; the message, or null if it has not changed. */
    @Nullable BrainEvent offer(CpuSet cores) {
        Offer fresh = cores.isEmpty() ? null : offerOf(cores);
        if (fresh == null ? offer == null : fresh.equals(offer)) {
            return null;
        }
        offer = fresh;
        return event(
                fresh == null
                        ? new NodeMessage.OffersChanged(++sequence, List.of(), List.of(OFFER_ID))
                        : new NodeMessage.OffersChanged(++sequence, List.of(fresh), List.of()));
    }

    private Offer offerOf(CpuSet cores) {
        return new Offer(
                OFFER_ID,
                cores,
                node.freeMemoryBytes(),
                node.isUnderused() ? Offer.Reason.UNDERUSED : Offer.Reason.UNALLOCATED,
                Offer.UNKNOWN_UNTIL);
    }

    /** The leases that hold a core which is not offered any more. */
    List<OpenLease> leasesWithout(CpuSet offered) {
        List<OpenLease> lost = new ArrayList<>(0);
        for (OpenLease lease : leases.values()) {
            if (!offered.containsAll(lease.terms().cores())) {
                lost.add(lease);
            }
        }
        return lost;
    }

    /** Whether the offer still has room for a lease that was just granted. */
    boolean honours(LeaseTerms terms) {
        if (offer == null || !offer.cores().containsAll(terms.cores())) {
            return false;
        }
        long memory = terms.memoryBytes();
        for (OpenLease lease : leases.values()) {
            if (lease.terms().cores().intersects(terms.cores())) {
                return false;
            }
            memory += lease.terms().memoryBytes();
        }
        return memory <= offer.memoryBytes();
    }

    BrainEvent open(OpenLease lease) {
        leases.put(lease.terms().leaseId(), lease);
        return report(lease.terms(), LeaseState.ACTIVE, null, 0);
    }

    @Nullable OpenLease close(String leaseId) {
        return leases.remove(leaseId);
    }

    List<OpenLease> openLeases() {
        return List.copyOf(leases.values());
    }

    int readyCores(long nowMillis) {
        int cores = 0;
        for (OpenLease lease : leases.values()) {
            cores += lease.readyMillis() <= nowMillis ? lease.cores() : 0;
        }
        return cores;
    }

    BrainEvent ended(LeaseTerms terms, EndReason reason, long activeMillis) {
        return report(terms, LeaseState.ENDED, reason, activeMillis);
    }

    private BrainEvent report(
            LeaseTerms terms, LeaseState state, @Nullable EndReason reason, long activeMillis) {
        return event(
                new NodeMessage.LeaseChanged(
                        ++sequence,
                        new LeaseReport(terms, state, reason, new LeaseUsage(0, 0, activeMillis))));
    }

    private BrainEvent event(NodeMessage message) {
        return new BrainEvent.FromNode(name, INCARNATION, message);
    }

    /** Throws if a lease and a job use one core. */
    void check() {
        for (OpenLease lease : leases.values()) {
            if (node.computesOn(lease.terms().cores())) {
                throw new IllegalStateException(
                        "a job and lease " + lease.terms() + " use one core of node " + name);
            }
        }
    }
}
