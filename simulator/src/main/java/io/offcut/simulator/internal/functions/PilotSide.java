package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import io.offcut.simulator.EndedLease;
import io.offcut.simulator.FunctionConfig.Policy.Fit;
import io.offcut.simulator.FunctionConfig.Policy.Pilots;
import io.offcut.simulator.internal.cluster.Placement;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import java.util.Arrays;
import java.util.List;

/**
 * Pilot jobs on nodes of which no job holds a core. They have the lowest priority and are preempted
 * in no time, so that they never move a job, and what they did in an interval of idleness can be
 * counted at its end. For one thread.
 */
final class PilotSide implements Harvester {
    private static final long NOT_IDLE = Long.MIN_VALUE;

    private final HarvesterContext context;
    private final Pilots policy;
    private final FunctionCounts counts = new FunctionCounts();
    private final int[] heldCores;
    private final int[] outages;
    private final long[] idleSinceMillis;
    private long pilots;

    PilotSide(HarvesterContext context, Pilots policy) {
        this.context = context;
        this.policy = policy;
        this.heldCores = new int[context.nodes().size()];
        this.outages = new int[heldCores.length];
        this.idleSinceMillis = new long[heldCores.length];
    }

    @Override
    public void start(long nowMillis) {
        Arrays.fill(idleSinceMillis, nowMillis);
        counts.requests = 1;
    }

    @Override
    public void jobStarted(long nowMillis, int job, Placement placement) {
        for (Placement.Part part : placement.parts()) {
            int node = part.node().index();
            heldCores[node] += part.cores().cardinality();
            idle(nowMillis, node);
        }
    }

    @Override
    public void nodeDown(long nowMillis, int node, boolean begins) {
        outages[node] += begins ? 1 : -1;
        idle(nowMillis, node);
    }

    /** The node is idle from now on, or no longer. */
    private void idle(long nowMillis, int node) {
        boolean was = idleSinceMillis[node] != NOT_IDLE;
        boolean is = heldCores[node] == 0 && outages[node] == 0;
        if (was && !is) {
            interval(node, idleSinceMillis[node], nowMillis);
            idleSinceMillis[node] = NOT_IDLE;
        } else if (is && !was) {
            idleSinceMillis[node] = nowMillis;
        }
    }

    @Override
    public int jobEnded(long nowMillis, int job, Placement placement) {
        for (Placement.Part part : placement.parts()) {
            int node = part.node().index();
            heldCores[node] -= part.cores().cardinality();
            idle(nowMillis, node);
        }
        return 0;
    }

    /** A node was idle; nothing is known of an interval of no length. */
    private void interval(int node, long fromMillis, long toMillis) {
        context.coreTime()
                .add(Use.OFFERED, fromMillis, toMillis, context.nodes().get(node).cores());
        long at = fromMillis;
        for (long length = fitting(toMillis - at); length > 0; length = fitting(toMillis - at)) {
            pilot(node, at, Math.min(toMillis, at + length), at + length > toMillis);
            at = Math.min(toMillis, at + length);
        }
    }

    /** Length of the next pilot with so much time left; 0 for none. */
    private long fitting(long leftMillis) {
        List<Long> lengths = policy.lengthsMillis();
        if (leftMillis <= 0) {
            return 0;
        }
        if (policy.fit() == Fit.PREEMPTED) {
            return lengths.getLast();
        }
        long longest = 0;
        for (long length : lengths) {
            longest = length <= leftMillis ? length : longest;
        }
        return longest;
    }

    private void pilot(int node, long fromMillis, long toMillis, boolean preempted) {
        EndReason reason = preempted ? EndReason.RECLAIMED : EndReason.EXPIRED;
        int cores = context.nodes().get(node).cores();
        long readyMillis = Math.min(toMillis, fromMillis + policy.warmUpMillis());
        counts.leases++;
        counts.leaseMillis += toMillis - fromMillis;
        counts.leaseEnded(reason);
        counts.leaseMemory.add(context.nodes().get(node).memoryBytes(), toMillis - fromMillis);
        context.coreTime().add(Use.LEASED, fromMillis, toMillis, cores);
        context.coreTime().add(Use.HARVESTED, readyMillis, toMillis, cores);
        context.leaseLog()
                .ended(
                        new EndedLease(
                                pilots++,
                                "pilot",
                                node,
                                fromMillis,
                                toMillis,
                                cores,
                                context.nodes().get(node).memoryBytes(),
                                FunctionCounts.name(reason)));
    }

    @Override
    public void jobsMoved(long nowMillis) {}

    @Override
    public void event(long nowMillis, int kind, long payload) {
        throw new IllegalStateException("event of kind " + kind);
    }

    @Override
    public long nextDeadlineMillis() {
        return Long.MAX_VALUE;
    }

    @Override
    public void tick(long nowMillis) {}

    @Override
    public FunctionCounts finish(long nowMillis) {
        for (int node = 0; node < heldCores.length; node++) {
            if (idleSinceMillis[node] != NOT_IDLE) {
                interval(node, idleSinceMillis[node], nowMillis);
            }
        }
        return counts;
    }
}
