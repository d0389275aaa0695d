package io.offcut.simulator.internal.engine;

import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.batch.BatchScheduler;
import io.offcut.simulator.internal.batch.Schedulers;
import io.offcut.simulator.internal.cluster.Cluster;
import io.offcut.simulator.internal.cluster.CoreCounter;
import io.offcut.simulator.internal.cluster.Node;
import io.offcut.simulator.internal.cluster.Occupancy;
import io.offcut.simulator.internal.cluster.Placement;
import io.offcut.simulator.internal.functions.FunctionCounts;
import io.offcut.simulator.internal.functions.FunctionSide;
import io.offcut.simulator.internal.measure.CoreTime;
import io.offcut.simulator.internal.measure.CoreTime.Use;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, in milliseconds since the start of the log. The order of one instant is fixed:
 *
 * <ol>
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
public final class Engine implements BatchScheduler.Actions {
    private static final int END = 0;
    private static final int START = 1;

    private final BatchJobs jobs;
    private final ClusterSpec spec;
    private final BatchScheduler scheduler;
    private final Occupancy occupancy;
    private final CoreTime coreTime;
    private final @Nullable FunctionSide functions;
    private final EventQueue queue = new EventQueue();
    private final JobRecord record;
    private final @Nullable Placement[] placements;
    private final List<Integer> started = new ArrayList<>();
    private final List<Integer> ended = new ArrayList<>();
    private final long startMillis;
    private int submitted;
    private int finished;
    private long nowMillis;
    private long idleCoreMillis;

    /** Told how far the simulation is. */
    @FunctionalInterface
    public interface Watcher {
        /** So many jobs have ended. */
        void finished(int jobs);
    }

    public Engine(SimulationConfig config, BatchJobs jobs) {
        this.jobs = jobs;
        this.spec = config.cluster();
        this.startMillis = jobs.submitMillis(0);
        this.nowMillis = startMillis;
        this.scheduler = Schedulers.create(config.batch(), jobs, spec, this);
        this.coreTime = new CoreTime(startMillis, config.bucketSeconds() * 1000L);
        this.record = new JobRecord(jobs.size());
        this.placements = new Placement[jobs.size()];
        if (config.functions().load() instanceof FunctionConfig.Load.None) {
            this.functions = null;
            this.occupancy = new CoreCounter(spec, config.batch().allocation());
        } else {
            Cluster cluster =
                    new Cluster(
                            spec,
                            config.batch().allocation(),
                            config.functions().offerUnderused(),
                            startMillis);
            this.occupancy = cluster;
            this.functions =
                    new FunctionSide(
                            config.functions(),
                            cluster,
                            spec.cores(),
                            config.seed(),
                            queue::add,
                            coreTime);
        }
    }

    /** What came out. */
    public record Outcome(
            JobRecord record,
            CoreTime coreTime,
            @Nullable FunctionCounts functions,
            long startMillis,
            long endMillis,
            long idleCoreMillis) {}

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
        return new Outcome(
                record,
                coreTime,
                functions == null ? null : functions.finish(nowMillis),
                startMillis,
                nowMillis,
                idleCoreMillis);
    }

    private long nextInstant() {
        long next = queue.nextMillis();
        if (submitted < jobs.size()) {
            next = Math.min(next, jobs.submitMillis(submitted));
        }
        if (functions != null) {
            next = Math.min(next, Math.max(nowMillis + 1, functions.nextDeadlineMillis()));
        }
        return next;
    }

    private void moveTo(long instantMillis) {
        idleCoreMillis += (instantMillis - nowMillis) * (spec.cores() - occupancy.usedCores());
        nowMillis = instantMillis;
    }

    private void batchEvents() {
        boolean any = false;
        while (submissionIsDue() || batchEventIsDue()) {
            any = true;
            while (submissionIsDue()) {
                scheduler.submitted(nowMillis, submitted++);
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

    private boolean submissionIsDue() {
        return submitted < jobs.size() && jobs.submitMillis(submitted) == nowMillis;
    }

    private boolean batchEventIsDue() {
        return queue.nextMillis() == nowMillis && queue.nextKind() <= START;
    }

    private void batchEvent(int kind, int job) {
        if (kind == START) {
            start(job, false);
        } else {
            finished++;
            if (jobs.runMillis(job) > 0) {
                ended.add(job);
            }
            scheduler.ended(nowMillis, job);
        }
    }

    @Override
    public void start(int job, boolean overtaking) {
        record.started(job, nowMillis, overtaking);
        queue.add(nowMillis + jobs.runMillis(job), END, job);
        if (jobs.runMillis(job) > 0) {
            started.add(job);
        }
    }

    @Override
    public void startAt(int job, long timeMillis) {
        queue.add(timeMillis, START, job);
    }

    private void moveJobs() {
        for (int job : ended) {
            leave(job);
        }
        for (int job : started) {
            enter(job);
        }
        ended.clear();
        started.clear();
        List<Node> changed = occupancy.takeChanged();
        if (functions != null && !changed.isEmpty()) {
            functions.nodesChanged(nowMillis, changed);
        }
    }

    private void enter(int job) {
        Placement placement = occupancy.place(jobs.cores(job), jobs.memoryBytesPerCore(job));
        placements[job] = placement;
        int missing = jobs.cores(job) - placement.coresUsed();
        if (missing > 0) {
            record.clipped(jobs.runMillis(job) / 1000.0 * missing);
        }
    }

    private void leave(int job) {
        Placement placement = placements[job];
        if (placement == null) {
            throw new IllegalStateException("job " + jobs.number(job) + " ended before it started");
        }
        placements[job] = null;
        occupancy.remove(placement, nowMillis);
        coreTime.add(Use.JOB, record.startMillis(job), nowMillis, placement.coresUsed());
        coreTime.add(Use.ALLOCATED, record.startMillis(job), nowMillis, placement.coresHeld());
    }

    private void functionEvents() {
        if (functions == null) {
            return;
        }
        while (queue.nextMillis() == nowMillis) {
            functions.event(nowMillis, queue.nextKind(), queue.take());
        }
        if (functions.nextDeadlineMillis() <= nowMillis) {
            functions.tick(nowMillis);
        }
    }
}
