package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.simulator.FunctionConfig.Load.Offload;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.interference.JobPaces;
import io.offcut.traces.RandomVariates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Batch jobs that let leases do part of their work. A job asks for workers when it starts and gives
 * them back when it ends or nothing is left that they may do; what a lease had not finished when it
 * was taken back is done again by whoever comes next, in no time, since the work is made of calls
 * much shorter than a lease.
 */
final class OffloadClient implements ClientModel {
    private static final String PREFIX = "j";

    private final Offload load;
    private final long memoryBytesPerWorker;
    private final BatchJobs jobs;
    private final JobPaces paces;
    private final FunctionTimers timers;
    private final FunctionCounts counts;
    private final Mailbox mailbox;
    private final long seed;

    /** Jobs with an open request, and when they started. */
    private final Map<Integer, Long> offloading = new HashMap<>();

    /** Wishes of jobs that start: to be told when their nodes have told of the jobs. */
    private final List<BrainEvent> wishes = new ArrayList<>();

    /** Leases that start. */
    private final Map<Long, OpenLease> starting = new HashMap<>();

    OffloadClient(
            Offload load,
            HarvesterContext context,
            JobPaces paces,
            FunctionCounts counts,
            Mailbox mailbox) {
        this.load = load;
        this.memoryBytesPerWorker = context.config().memoryBytesPerWorker();
        this.jobs = context.jobs();
        this.paces = paces;
        this.timers = context.timers();
        this.counts = counts;
        this.mailbox = mailbox;
        this.seed = context.seed();
    }

    @Override
    public void start(long nowMillis) {}

    @Override
    public void jobStarted(long nowMillis, int job, int cores) {
        // By its number and the seed alone: the same jobs offload whatever else is changed.
        boolean chosen =
                new RandomVariates(seed * 1_000_003 + jobs.number(job)).uniform() * 1000
                        < load.jobsPermille();
        if (!chosen || load.sharePermille() == 0) {
            return;
        }
        paces.share(job, load.sharePermille());
        offloading.put(job, nowMillis);
        counts.requests++;
        int workers = (int) Math.max(1, (long) cores * load.workersPerCore() / 1000);
        wishes.add(
                new BrainEvent.WorkersRequested(
                        PREFIX + job,
                        "job" + jobs.number(job),
                        FunctionSide.wish(
                                workers,
                                memoryBytesPerWorker,
                                FunctionSide.FOR_EVER_MILLIS,
                                true)));
    }

    @Override
    public void settle(long nowMillis) {
        wishes.forEach(mailbox);
        wishes.clear();
    }

    @Override
    public void jobEnded(long nowMillis, int job) {
        Long startedMillis = offloading.remove(job);
        if (startedMillis != null) {
            counts.offloadingJobs++;
            counts.offloadingRunMillis += jobs.runMillis(job);
            counts.offloadingTookMillis += nowMillis - startedMillis;
            mailbox.accept(new BrainEvent.RequestReleased(PREFIX + job));
        }
    }

    private static int jobOf(OpenLease lease) {
        return Integer.parseInt(lease.terms().requestId().substring(PREFIX.length()));
    }

    @Override
    public void opened(long nowMillis, OpenLease lease) {
        starting.put(lease.number(), lease);
        timers.at(lease.readyMillis(), FunctionTimers.READY, lease.number());
    }

    @Override
    public void closed(long nowMillis, OpenLease lease, EndReason reason) {
        if (starting.remove(lease.number()) == null) {
            paces.addWorkers(nowMillis, jobOf(lease), -lease.cores());
        }
    }

    @Override
    public void event(long nowMillis, int kind, long payload) {
        switch (kind) {
            case FunctionTimers.READY -> {
                OpenLease lease = starting.remove(payload);
                if (lease != null) {
                    paces.addWorkers(nowMillis, jobOf(lease), lease.cores());
                }
            }
            case FunctionTimers.SHARED -> {
                int job = (int) payload;
                if (offloading.containsKey(job) && paces.allShared(nowMillis, job)) {
                    mailbox.accept(new BrainEvent.RequestReleased(PREFIX + job));
                }
            }
            default -> ClientModel.super.event(nowMillis, kind, payload);
        }
    }
}
