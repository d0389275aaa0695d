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
import io.offcut.scheduler.NodeObservation;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the daemon of one node does: watches which cores jobs hold and compute on, offers those that
 * were idle long enough, all in one offer, runs leases on them, and ends every lease that loses a
 * core. For one thread.
 */
final class NodeAgent {
    private static final String OFFER_ID = "idle";
    private static final long INCARNATION = 1;

    final int index;
    final ExecutorPool executors;
    private final String name;
    private final int cores;
    private final long memoryBytes;
    private final BitSet held = new BitSet();
    private final BitSet computing = new BitSet();

    /** Cores that are not idle: one of the two above. */
    private final BitSet busy;

    private final long[] idleSinceMillis;
    private long jobMemoryBytes;

    /** Of how many outages it is part now. */
    private int outages;

    /** Memory of leases that a job ended, and when it is free, the first first. */
    private final ArrayDeque<long[]> evicting = new ArrayDeque<>();

    private long evictingBytes;

    /** Cores that leases lost at this instant. */
    private final BitSet reclaimed = new BitSet();

    private final Map<String, OpenLease> leases = new LinkedHashMap<>();
    private long leasedMemoryBytes;
    private long sequence;
    private @Nullable Offer offer;
    long offeredSinceMillis;

    /** When its next core will have been idle long enough; {@code Long.MAX_VALUE} for never. */
    long dueMillis = Long.MAX_VALUE;

    NodeAgent(
            int index,
            int cores,
            long memoryBytes,
            boolean offerUnderused,
            ExecutorPool executors,
            long nowMillis) {
        this.index = index;
        this.name = "n" + index;
        this.cores = cores;
        this.memoryBytes = memoryBytes;
        this.busy = offerUnderused ? computing : held;
        this.executors = executors;
        this.idleSinceMillis = new long[cores];
        Arrays.fill(idleSinceMillis, nowMillis);
    }

    static int indexOf(String nodeName) {
        return Integer.parseInt(nodeName, 1, nodeName.length(), 10);
    }

    /** A job takes these cores and computes on the first so many of them. */
    void jobStarted(BitSet taken, int computingCores, long memory) {
        held.or(taken);
        int core = -1;
        for (int n = 0; n < computingCores; n++) {
            core = taken.nextSetBit(core + 1);
            computing.set(core);
        }
        jobMemoryBytes += memory;
    }

    /** It leaves them. */
    void jobEnded(long nowMillis, BitSet taken, long memory) {
        for (int core = taken.nextSetBit(0); core >= 0; core = taken.nextSetBit(core + 1)) {
            if (busy.get(core)) {
                idleSinceMillis[core] = nowMillis;
            }
        }
        held.andNot(taken);
        computing.andNot(taken);
        jobMemoryBytes -= memory;
    }

    /** While it is down it has nothing to offer; idleness counts from its return. */
    void down(long nowMillis, boolean begins) {
        outages += begins ? 1 : -1;
        Arrays.fill(idleSinceMillis, nowMillis);
    }

    /** A job ended a lease; its memory is free later than its cores, if that is not now. */
    void reclaimed(OpenLease lease, long nowMillis, long freeMillis) {
        lease.terms().cores().stream().forEach(reclaimed::set);
        if (freeMillis > nowMillis && lease.terms().memoryBytes() > 0) {
            evicting.add(new long[] {freeMillis, lease.terms().memoryBytes()});
            evictingBytes += lease.terms().memoryBytes();
        }
    }

    /** Memory is free that jobs wanted back until now. */
    void evicted(long nowMillis) {
        while (!evicting.isEmpty() && evicting.element()[0] <= nowMillis) {
            evictingBytes -= evicting.remove()[1];
        }
    }

    /** Whether a job took one of these cores from a lease at this instant. */
    boolean tookFromLease(BitSet taken) {
        return reclaimed.intersects(taken);
    }

    void instantOver() {
        reclaimed.clear();
    }

    private long freeMemoryBytes() {
        return Math.max(0, memoryBytes - jobMemoryBytes - evictingBytes);
    }

    /** Memory that neither a job nor a lease has, where every core is taken; otherwise 0. */
    long memoryWithoutCores() {
        return outages == 0 && busy.cardinality() == cores && leases.isEmpty()
                ? freeMemoryBytes()
                : 0;
    }

    /** Cores that have been idle since {@code untilMillis}. */
    CpuSet idleSince(long untilMillis) {
        int[] idle = new int[outages > 0 ? 0 : cores - busy.cardinality()];
        int count = 0;
        for (int core = firstIdle(); core < cores; core = busy.nextClearBit(core + 1)) {
            if (idleSinceMillis[core] <= untilMillis) {
                idle[count++] = core;
            }
        }
        return count == 0 ? CpuSet.empty() : CpuSet.of(Arrays.copyOf(idle, count));
    }

    private int firstIdle() {
        return outages > 0 ? cores : busy.nextClearBit(0);
    }

    /** The first time to come at which an idle core will have been idle for the hold-off. */
    long nextIdleFor(long holdOffMillis, long nowMillis) {
        long next = Long.MAX_VALUE;
        for (int core = firstIdle(); core < cores; core = busy.nextClearBit(core + 1)) {
            long due = idleSinceMillis[core] + holdOffMillis;
            if (due > nowMillis) {
                next = Math.min(next, due);
            }
        }
        return next;
    }

    /** Everything the node has: the first message, and the answer when it is asked for. */
    BrainEvent snapshot() {
        NodeDescriptor descriptor =
                new NodeDescriptor(
                        name,
                        "sim://" + name,
                        name,
                        CpuSet.range(0, cores - 1),
                        memoryBytes,
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

    /** What the batch system says of it. */
    NodeObservation observation(List<String> partitions) {
        return new NodeObservation(
                name, partitions, cores, held.cardinality(), outages == 0, List.of());
    }

    int offeredCores() {
        return offer == null ? 0 : offer.cores().size();
    }

    /** Takes the offer that the node has now; the message, or null if it has not changed. */
    @Nullable BrainEvent offer(CpuSet idle) {
        Offer fresh = idle.isEmpty() ? null : offerOf(idle);
        if (fresh == null ? offer == null : fresh.equals(offer)) {
            return null;
        }
        offer = fresh;
        return event(
                fresh == null
                        ? new NodeMessage.OffersChanged(++sequence, List.of(), List.of(OFFER_ID))
                        : new NodeMessage.OffersChanged(++sequence, List.of(fresh), List.of()));
    }

    private Offer offerOf(CpuSet idle) {
        boolean underused = held.cardinality() > busy.cardinality();
        return new Offer(
                OFFER_ID,
                idle,
                freeMemoryBytes(),
                underused ? Offer.Reason.UNDERUSED : Offer.Reason.UNALLOCATED,
                Offer.UNKNOWN_UNTIL);
    }

    /** Memory that is offered and that no lease has. */
    long spareMemoryBytes() {
        return offer == null ? 0 : Math.max(0, offer.memoryBytes() - leasedMemoryBytes);
    }

    /** The leases that hold a core which is not offered any more. */
    List<OpenLease> leasesWithout(CpuSet offered) {
        List<OpenLease> lost = List.of();
        for (OpenLease lease : leases.values()) {
            if (!offered.containsAll(lease.terms().cores())) {
                lost = lost.isEmpty() ? new ArrayList<>(2) : lost;
                lost.add(lease);
            }
        }
        return lost;
    }

    /** Whether the offer still has room for a lease that was just granted. */
    boolean honours(LeaseTerms terms) {
        if (offer == null
                || !offer.cores().containsAll(terms.cores())
                || leasedMemoryBytes + terms.memoryBytes() > offer.memoryBytes()) {
            return false;
        }
        for (OpenLease lease : leases.values()) {
            if (lease.terms().cores().intersects(terms.cores())) {
                return false;
            }
        }
        return true;
    }

    BrainEvent open(OpenLease lease) {
        leases.put(lease.terms().leaseId(), lease);
        leasedMemoryBytes += lease.terms().memoryBytes();
        return report(lease.terms(), LeaseState.ACTIVE, null, 0);
    }

    @Nullable OpenLease close(String leaseId) {
        OpenLease lease = leases.remove(leaseId);
        if (lease != null) {
            leasedMemoryBytes -= lease.terms().memoryBytes();
        }
        return lease;
    }

    boolean hasLeases() {
        return !leases.isEmpty();
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
            if (lease.terms().cores().intersects(busy)) {
                throw new IllegalStateException(
                        "a job and lease " + lease.terms() + " use one core of node " + name);
            }
        }
    }
}
