package io.offcut.simulator.internal.idle;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.IdlePolicy;
import io.offcut.simulator.IdleReading;
import io.offcut.simulator.IdleResult.Use;
import io.offcut.simulator.Interference;
import io.offcut.simulator.LeaseLog;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.engine.EventQueue;
import io.offcut.simulator.internal.functions.FunctionCounts;
import io.offcut.simulator.internal.functions.FunctionSide;
import io.offcut.simulator.internal.functions.HarvesterContext;
import io.offcut.simulator.internal.functions.HarvesterContext.NodeSize;
import io.offcut.simulator.internal.interference.JobPaces;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.traces.JobTable;
import io.offcut.traces.idle.IdleInterval;
import io.offcut.traces.idle.IdleRecord;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * The scheduling core on virtual time over a record of idle nodes: a node that is not idle is held
 * by a job, whole; an idle one is offered by its daemon and leased to a client that takes all. Only
 * nodes that were idle at least once take part. The order of one instant: jobs come, jobs go, nodes
 * tell, what the function side asked for, then the sample is taken. For one thread, one run.
 */
public final class LeaseReplay {
    /** Only totals are read. */
    private static final long ROW_MILLIS = 86_400_000;

    private static final HarvesterContext.JobEnds NO_JOBS =
            new HarvesterContext.JobEnds() {
                @Override
                public void endsAt(int job, long endMillis) {
                    throw new IllegalStateException("job " + job + " in a record of idle nodes");
                }

                @Override
                public void ran(int job, JobPaces.Ran ran) {
                    throw new IllegalStateException("job " + job + " in a record of idle nodes");
                }
            };

    /** A node becomes idle, or a job takes it. */
    private record Change(long millis, boolean idle, int node) {
        static final Comparator<Change> ORDER =
                Comparator.comparingLong(Change::millis)
                        .thenComparing(Change::idle)
                        .thenComparingInt(Change::node);
    }

    /**
     * What came out.
     *
     * @param use in milliseconds of nodes
     * @param leases granted
     */
    public record Outcome(Use use, long leases) {}

    private final IdleRecord record;
    private final IdleReading reading;
    private final int coresPerNode;
    private final long endMillis;
    private final BitSet taken = new BitSet();
    private final EventQueue timers = new EventQueue();
    private final CoreTime coreTime = new CoreTime(0, ROW_MILLIS);
    private final FunctionSide functions;
    private final List<Change> changes = new ArrayList<>();
    private final int[] readyNodes;
    private int nextChange;
    private int nextSample;
    private long idleMillis;

    public LeaseReplay(IdleRecord record, IdlePolicy.Lease policy, IdleReading reading) {
        this.record = record;
        this.reading = reading;
        this.coresPerNode = policy.coresPerNode();
        this.endMillis = record.millis(record.samples() - 1) + record.meanGapMillis();
        ClusterSpec spec = ClusterSpec.of(Math.max(1, record.nodes()) * coresPerNode, coresPerNode);
        this.readyNodes = new int[record.samples()];
        this.functions = functions(policy, spec);
        for (IdleInterval interval : record.intervals()) {
            add(interval);
        }
        changes.sort(Change.ORDER);
    }

    private FunctionSide functions(IdlePolicy.Lease policy, ClusterSpec spec) {
        Leases leases =
                new Leases(Place.DEFAULT, policy.holdOffMillis(), false, 0, Reclaim.AT_ONCE);
        FunctionConfig config =
                FunctionConfig.DEFAULT
                        .with(leases)
                        .with(FunctionConfig.Executors.cold(policy.startUpMillis()))
                        .with(Interference.NONE, Interference.COMPUTE);
        JobTable none = new JobTable.Builder().build();
        return new FunctionSide(
                new HarvesterContext(
                        config,
                        none,
                        new BatchJobs(none, spec, BatchConfig.DEFAULT),
                        Collections.nCopies(
                                spec.nodes(),
                                new NodeSize(coresPerNode, spec.memoryBytesPerNode())),
                        0,
                        timers::add,
                        coreTime,
                        LeaseLog.NONE,
                        NO_JOBS),
                leases);
    }

    private void add(IdleInterval interval) {
        long from = record.millis(first(interval.fromSample()));
        long to = end(interval);
        changes.add(new Change(from, true, interval.node()));
        changes.add(new Change(to, false, interval.node()));
        idleMillis += to - from;
    }

    private int first(int sample) {
        return reading == IdleReading.LONGEST ? Math.max(0, sample - 1) : sample;
    }

    private long end(IdleInterval interval) {
        if (reading == IdleReading.SHORTEST && interval.samples() > 1) {
            return record.millis(interval.toSample() - 1);
        }
        return interval.toSample() == record.samples()
                ? endMillis
                : record.millis(interval.toSample());
    }

    /** Runs to one mean gap after the last sample. */
    public Outcome run() {
        functions.start(0);
        for (int node = 0; node < Math.max(1, record.nodes()); node++) {
            taken.set(node);
            functions.nodeDown(0, node, true);
        }
        for (long now = 0; now < endMillis; now = nextInstant(now)) {
            moveJobs(now);
            functions.jobsMoved(now);
            functionEvents(now);
            sample(now);
        }
        FunctionCounts counts = functions.finish(endMillis);
        long leased = coreTime.total(CoreTime.Use.LEASED) / coresPerNode;
        long ready = coreTime.total(CoreTime.Use.HARVESTED) / coresPerNode;
        return new Outcome(new Use(idleMillis, ready, leased - ready), counts.leases);
    }

    /** After the run: nodes with a lease that is ready, at each sample. */
    public int[] readyNodes() {
        return readyNodes.clone();
    }

    private long nextInstant(long now) {
        long next =
                Math.min(timers.nextMillis(), Math.max(now + 1, functions.nextDeadlineMillis()));
        if (nextChange < changes.size()) {
            next = Math.min(next, changes.get(nextChange).millis());
        }
        if (nextSample < record.samples()) {
            next = Math.min(next, record.millis(nextSample));
        }
        return next;
    }

    /** Jobs take and leave nodes. */
    private void moveJobs(long now) {
        while (nextChange < changes.size() && changes.get(nextChange).millis() <= now) {
            Change change = changes.get(nextChange++);
            if (taken.get(change.node()) != change.idle()) {
                throw new IllegalStateException("node " + change.node() + " twice: " + change);
            }
            taken.set(change.node(), !change.idle());
            functions.nodeDown(now, change.node(), !change.idle());
        }
    }

    private void functionEvents(long now) {
        while (timers.nextMillis() == now) {
            functions.event(now, timers.nextKind(), timers.take());
        }
        if (functions.nextDeadlineMillis() <= now) {
            functions.tick(now);
        }
    }

    private void sample(long now) {
        if (nextSample < record.samples() && record.millis(nextSample) == now) {
            readyNodes[nextSample++] = (int) (functions.readyCores(now) / coresPerNode);
        }
    }
}
