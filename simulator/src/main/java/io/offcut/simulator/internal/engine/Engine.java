package io.offcut.simulator.internal.engine;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.LeaseLog;
import io.offcut.simulator.Outage;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.SimulationResult.IdleTimes;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.batch.BatchScheduler;
import io.offcut.simulator.internal.batch.Schedulers;
import io.offcut.simulator.internal.cluster.Assignment;
import io.offcut.simulator.internal.cluster.Cluster;
import io.offcut.simulator.internal.cluster.CoreCounter;
import io.offcut.simulator.internal.cluster.Node;
import io.offcut.simulator.internal.cluster.Occupancy;
import io.offcut.simulator.internal.cluster.PlacedJobs;
import io.offcut.simulator.internal.functions.FunctionCounts;
import io.offcut.simulator.internal.functions.FunctionTimers;
import io.offcut.simulator.internal.functions.Harvester;
import io.offcut.simulator.internal.functions.HarvesterContext;
import io.offcut.simulator.internal.interference.JobPaces;
import io.offcut.simulator.internal.measure.Baselines;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import io.offcut.simulator.internal.measure.FreeMemory;
import io.offcut.simulator.internal.measure.IdleIntervals;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, in milliseconds since the start of the log. The order of one instant is fixed:
 *
 * <ol>
 *   <li>nodes come back, fail or are drained, and jobs are killed;
 *   <li>submissions in the order of the jobs, then ends in the order in which the jobs started,
 *       then recorded starts; then the batch scheduler hears that the instant is over;
 *   <li>jobs that ended leave their nodes, then jobs that started take theirs (a job of no length
 *       never takes any);
 *   <li>the nodes that changed tell the scheduling core, in the order of their numbers;
 *   <li>what the function side asked for: idle cores that are due, requests, leases that are done,
 *       each in the order in which it was asked for; then the core's own deadline.
 * </ol>
 *
 * <p>It runs from the first submission to the end of the last job. For one thread, for one run.
 */
public final class Engine implements BatchScheduler.Actions, HarvesterContext.JobEnds {
    private static final int END = 0;
    private static final int START = 1;
    private static final int FEW_EVENTS = 4096;

    private final BatchJobs jobs;
    private final BatchScheduler scheduler;
    private final Occupancy occupancy;
    private final CoreTime coreTime;
    private final Baselines baselines;
    private final @Nullable Harvester functions;

    /** Null where nobody asks on which nodes a job is. */
    private final @Nullable PlacedJobs placed;

    /** Null where jobs are on no nodes. */
    private final @Nullable FreeMemory memory;

    private final @Nullable IdleIntervals idle;
    private final boolean recorded;
    private final EventQueue queue = new EventQueue();
    private final JobRecord record;
    private final OutageQueue outages;
    private final int cores;

    /** Jobs that have started at this instant, and those that have ended. */
    private final JobList started = new JobList();

    private final JobList ended = new JobList();

    /** What functions did to the job that leaves; null if nothing. */
    private JobPaces.@Nullable Ran besideFunctions;

    /** Jobs that are over; what the queue still has of them is from before their end was moved. */
    private final BitSet over = new BitSet();

    /** With so many, ends that were moved may be the most: they are thrown away. */
    private int purgeAtEvents = FEW_EVENTS;

    private final long startMillis;
    private int submitted;
    private int finished;
    private long nowMillis;
    private long idleCoreMillis;
    private long downCoreMillis;
    private long events;

    /** Told how far the simulation is. */
    @FunctionalInterface
    public interface Watcher {
        /** So many jobs have ended. */
        void finished(int jobs);
    }

    public Engine(SimulationConfig config, BatchJobs jobs, LeaseLog leaseLog) {
        this.jobs = jobs;
        ClusterSpec spec = config.cluster();
        this.cores = spec.cores();
        this.recorded = config.batch().scheduler() == Scheduler.RECORDED;
        // A log does not tell of the jobs before its own: until the first starts nothing is known.
        this.startMillis = recorded ? jobs.firstRecordedStartMillis() : jobs.submitMillis(0);
        this.nowMillis = startMillis;
        this.scheduler = Schedulers.create(config.batch(), jobs, spec, this);
        this.coreTime = new CoreTime(startMillis, config.bucketSeconds() * 1000L);
        this.baselines = new Baselines(spec.nodes(), spec.coresPerNode());
        this.record = new JobRecord(jobs.size(), !config.functions().isNone());
        this.outages = new OutageQueue(spec.outages(), startMillis);
        Allocation allocation = config.batch().allocation();
        boolean withFunctions = !config.functions().isNone();
        if (withFunctions || nodesMatter(config)) {
            Cluster cluster = new Cluster(spec, allocation);
            this.placed = new PlacedJobs(cluster, jobs.size());
            this.occupancy = placed;
            this.memory =
                    new FreeMemory(jobs, cluster, allocation == Allocation.NODES, startMillis);
            this.functions = withFunctions ? harvester(config, cluster, leaseLog) : null;
            this.idle = withFunctions ? new IdleIntervals(cluster, startMillis) : null;
        } else {
            this.placed = null;
            this.memory = null;
            this.functions = null;
            this.idle = null;
            this.occupancy = new CoreCounter(spec, allocation, jobs.size());
        }
    }

    /** Whether figures depend on which nodes jobs are on, though no function does. */
    private boolean nodesMatter(SimulationConfig config) {
        boolean placedByLog = recorded && !config.jobs().placements().isEmpty();
        return config.cluster().nodes() <= Cluster.MAX_NODES && (placedByLog || jobs.tellMemory());
    }

    private Harvester harvester(SimulationConfig config, Cluster cluster, LeaseLog leaseLog) {
        List<HarvesterContext.NodeSize> nodes = new ArrayList<>(cluster.size());
        for (int index = 0; index < cluster.size(); index++) {
            Node node = cluster.node(index);
            nodes.add(new HarvesterContext.NodeSize(node.cores(), node.memoryBytes()));
        }
        return new HarvesterContext(
                        config.functions(),
                        config.jobs(),
                        jobs,
                        nodes,
                        config.seed(),
                        queue::add,
                        coreTime,
                        leaseLog,
                        this)
                .create();
    }

    /** What came out. */
    public record Outcome(
            JobRecord record,
            CoreTime coreTime,
            Baselines baselines,
            @Nullable FunctionCounts functions,
            @Nullable IdleTimes idle,
            FreeMemory.@Nullable Total memory,
            long startMillis,
            long endMillis,
            long idleCoreMillis,
            long downCoreMillis,
            long events) {}

    /** Runs to the end of the last job. */
    public Outcome run(Watcher watcher) {
        if (functions != null) {
            functions.start(nowMillis);
        }
        while (finished < jobs.size()) {
            moveTo(nextInstant());
            batchEvents();
            functionEvents();
            watcher.finished(finished);
        }
        FunctionCounts counts = functions == null ? null : functions.finish(nowMillis);
        return new Outcome(
                record,
                coreTime,
                baselines,
                counts,
                idle == null ? null : idle.finish(nowMillis),
                memory == null ? null : memory.finish(nowMillis),
                startMillis,
                nowMillis,
                idleCoreMillis,
                downCoreMillis,
                counts == null ? events : events + counts.events());
    }

    private long nextInstant() {
        long next = Math.min(queue.nextMillis(), scheduler.nextWakeMillis());
        next = Math.min(next, outages.nextMillis());
        if (submitted < jobs.size()) {
            next = Math.min(next, Math.max(nowMillis, jobs.submitMillis(submitted)));
        }
        if (functions != null) {
            next = Math.min(next, Math.max(nowMillis + 1, functions.nextDeadlineMillis()));
        }
        if (next == Long.MAX_VALUE) {
            throw new IllegalStateException(
                    (jobs.size() - finished) + " jobs wait, and nothing is to come");
        }
        return next;
    }

    private void moveTo(long instantMillis) {
        long passed = instantMillis - nowMillis;
        int down = scheduler.downCores();
        downCoreMillis += passed * down;
        baselines.passed(passed);
        idleCoreMillis += passed * (cores - occupancy.usedCores() - down);
        nowMillis = instantMillis;
    }

    private void batchEvents() {
        boolean any = outages();
        boolean due = any || isBatchDue();
        for (; due; due = isBatchDue()) {
            any = true;
            while (submissionIsDue()) {
                events++;
                scheduler.submitted(jobs.submitMillis(submitted), submitted++);
            }
            while (batchEventIsDue()) {
                batchEvent(queue.nextKind(), (int) queue.take());
            }
            scheduler.instantOver(nowMillis);
        }
        if (any) {
            moveJobs();
        }
    }

    private boolean isBatchDue() {
        return submissionIsDue() || batchEventIsDue() || scheduler.nextWakeMillis() <= nowMillis;
    }

    /** Nodes fail, are drained, and come back; true if any did. */
    private boolean outages() {
        if (outages.nextMillis() > nowMillis) {
            return false;
        }
        while (outages.nextMillis() <= nowMillis) {
            OutageQueue.Change change = outages.take();
            int node = change.outage().node();
            events++;
            scheduler.down(nowMillis, node, change.down());
            occupancy.down(node, change.down());
            if (memory != null) {
                memory.down(nowMillis, node, change.down());
            }
            if (functions != null) {
                functions.nodeDown(nowMillis, node, change.down());
            }
            if (change.down() && change.outage().kind() != Outage.Kind.DRAIN) {
                killJobsOf(node, change.outage().kind() == Outage.Kind.FAIL);
            }
        }
        scheduler.nodesChanged(nowMillis);
        return true;
    }

    private void killJobsOf(int node, boolean requeue) {
        for (int job : scheduler.jobsOn(node)) {
            if (record.endMillis(job) > nowMillis) {
                leave(job, nowMillis - record.startMillis(job));
                if (requeue) {
                    record.requeued(job);
                } else {
                    record.lost(job, nowMillis);
                    over.set(job);
                    finished++;
                }
                scheduler.killed(nowMillis, job, requeue);
            }
        }
    }

    private boolean submissionIsDue() {
        return submitted < jobs.size() && jobs.submitMillis(submitted) <= nowMillis;
    }

    private boolean batchEventIsDue() {
        return queue.nextMillis() == nowMillis && queue.nextKind() <= START;
    }

    private void batchEvent(int kind, int job) {
        if (kind == START) {
            start(job, false);
        } else if (record.endMillis(job) == nowMillis && !over.get(job)) {
            // Not of a run that was killed, or from before its end was moved.
            over.set(job);
            events++;
            finished++;
            if (jobs.runMillis(job) > 0) {
                ended.add(job);
            }
            scheduler.ended(nowMillis, job);
        }
    }

    /** A recorded schedule does not react: its jobs may end earlier, not later. */
    @Override
    public void endsAt(int job, long endMillis) {
        long aloneMillis = record.startMillis(job) + jobs.runMillis(job);
        long moved = Math.max(endMillis, nowMillis + 1);
        moved = recorded ? Math.min(moved, aloneMillis) : moved;
        if (moved == record.endMillis(job)) {
            return;
        }
        record.endsAt(job, moved);
        queue.add(moved, END, job);
        if (queue.size() > purgeAtEvents) {
            queue.removeIf(this::isStale);
            purgeAtEvents = FEW_EVENTS + 2 * queue.size();
        }
        if (!recorded) {
            scheduler.slower(nowMillis, job, moved);
        }
    }

    /** An end that was moved, or of a run that is over. */
    private boolean isStale(long timeMillis, int kind, long job) {
        return kind == END && (record.endMillis((int) job) != timeMillis || over.get((int) job));
    }

    @Override
    public void ran(int job, JobPaces.Ran ran) {
        record.slowed(job, ran.slowdownMilli());
        besideFunctions = ran;
    }

    @Override
    public void start(int job, boolean overtaking) {
        events++;
        long endMillis = nowMillis + jobs.runMillis(job);
        record.started(job, nowMillis, endMillis, overtaking);
        queue.add(endMillis, END, job);
        if (endMillis > nowMillis) {
            started.add(job);
        }
    }

    @Override
    public void startAt(int job, long timeMillis) {
        queue.add(timeMillis, START, job);
    }

    private void moveJobs() {
        for (int at = 0; at < ended.size(); at++) {
            leave(ended.get(at), jobs.runMillis(ended.get(at)));
        }
        for (int at = 0; at < started.size(); at++) {
            enter(started.get(at));
        }
        ended.clear();
        started.clear();
        List<Node> changed = occupancy.takeChanged();
        if (idle != null) {
            idle.changed(nowMillis, changed);
        }
        if (functions != null && !changed.isEmpty()) {
            functions.jobsMoved(nowMillis);
        }
    }

    private void enter(int job) {
        int wanted = jobs.cores(job);
        baselines.started(wanted);
        Assignment where = placed == null && recorded ? null : scheduler.assignment(job);
        occupancy.place(job, wanted, where);
        if (recorded && where != null && placed != null) {
            record.placedAsRecorded(placed.placement(job).movedCores());
        }
        if (memory != null && placed != null) {
            memory.jobStarted(nowMillis, job, placed.placement(job));
        }
        if (functions != null && placed != null) {
            functions.jobStarted(nowMillis, job, placed.placement(job));
        }
        int missing = wanted - occupancy.coresUsed(job);
        if (missing > 0) {
            record.clipped(jobs.runMillis(job) / 1000.0 * missing);
        }
    }

    /**
     * Takes a job off.
     *
     * @param aloneMillis how long its run would have taken without functions
     */
    private void leave(int job, long aloneMillis) {
        long startMillis = record.startMillis(job);
        int used = occupancy.coresUsed(job);
        int held = occupancy.coresHeld(job);
        int unused = 0;
        besideFunctions = null;
        coreTime.add(Use.JOB, startMillis, nowMillis, used);
        coreTime.add(Use.ALLOCATED, startMillis, nowMillis, held);
        if (functions != null && placed != null) {
            unused = functions.jobEnded(nowMillis, job, placed.placement(job));
            coreTime.add(Use.UNUSED, startMillis, nowMillis, unused);
        }
        if (memory != null && placed != null) {
            memory.jobEnded(nowMillis, job, placed.placement(job));
        }
        JobPaces.Ran ran = besideFunctions;
        baselines.ended(
                new Baselines.Run(
                        jobs.cores(job),
                        held,
                        used,
                        used - unused,
                        aloneMillis,
                        jobs.unusedShare(job),
                        ran == null ? 0 : nowMillis - startMillis - ran.ownMillis(),
                        ran == null ? 0 : ran.handedOverMillis()));
        occupancy.remove(job);
    }

    private void functionEvents() {
        if (functions == null) {
            return;
        }
        while (queue.nextMillis() == nowMillis && queue.nextKind() >= FunctionTimers.FIRST) {
            functions.event(nowMillis, queue.nextKind(), queue.take());
        }
        if (functions.nextDeadlineMillis() <= nowMillis) {
            functions.tick(nowMillis);
        }
    }
}
