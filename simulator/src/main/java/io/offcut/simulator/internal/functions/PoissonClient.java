package io.offcut.simulator.internal.functions;

import io.offcut.core.api.LeaseRequest;
import io.offcut.core.lease.EndReason;
import io.offcut.scheduler.brain.BrainEvent;
import io.offcut.simulator.FunctionConfig;
import io.offcut.traces.RandomVariates;
import java.util.HashMap;
import java.util.Map;

/**
 * Requests that come at random, each with so much work for each worker. A lease takes its workers'
 * share of what is left to do and is given back when that is done. What a reclaimed lease had not
 * done goes back to its request and waits for the next lease: work is made of calls much shorter
 * than a lease, so that a reclaim costs no finished work.
 */
final class PoissonClient implements ClientModel {
    /** Work of a request that no lease has taken. */
    private static final class Undone {
        int workers;
        long coreMillis;
    }

    /** What a lease was given to do. */
    private record Share(String leaseId, String requestId, int workers, long coreMillis) {}

    private final FunctionConfig.Load.Poisson load;
    private final long memoryBytesPerWorker;
    private final RandomVariates random;
    private final FunctionTimers timers;
    private final FunctionCounts counts;
    private final Mailbox mailbox;
    private final Map<String, Undone> undone = new HashMap<>();
    private final Map<Long, Share> shares = new HashMap<>();

    PoissonClient(
            FunctionConfig.Load.Poisson load,
            long memoryBytesPerWorker,
            long seed,
            FunctionTimers timers,
            FunctionCounts counts,
            Mailbox mailbox) {
        this.load = load;
        this.memoryBytesPerWorker = memoryBytesPerWorker;
        this.random = new RandomVariates(seed);
        this.timers = timers;
        this.counts = counts;
        this.mailbox = mailbox;
    }

    @Override
    public void start(long nowMillis) {
        scheduleNext(nowMillis);
    }

    private void scheduleNext(long nowMillis) {
        double gapMillis = random.exponential(3_600_000 / load.requestsPerHour());
        timers.at(nowMillis + Math.max(1, (long) gapMillis), FunctionTimers.ARRIVAL, 0);
    }

    @Override
    public void arrival(long nowMillis) {
        String requestId = "r" + ++counts.requests;
        Undone work = new Undone();
        work.workers = load.workers();
        work.coreMillis =
                Math.max(1, (long) random.exponential(load.meanSeconds() * 1000)) * load.workers();
        undone.put(requestId, work);
        LeaseRequest wish =
                new LeaseRequest(
                        FunctionSide.BUNDLE,
                        load.workers(),
                        1,
                        memoryBytesPerWorker,
                        FunctionSide.PAYLOAD_BYTES,
                        FunctionSide.FOR_EVER_MILLIS,
                        load.patienceSeconds() * 1000,
                        0,
                        "",
                        true);
        mailbox.accept(new BrainEvent.WorkersRequested(requestId, "functions", wish));
        scheduleNext(nowMillis);
    }

    @Override
    public void opened(long nowMillis, OpenLease lease) {
        String requestId = lease.terms().requestId();
        Undone work = undone.get(requestId);
        if (work == null) {
            throw new IllegalStateException("lease " + lease + " of a request that is over");
        }
        long coreMillis = work.coreMillis * lease.cores() / work.workers;
        work.workers -= lease.cores();
        work.coreMillis -= coreMillis;
        shares.put(
                lease.number(),
                new Share(lease.terms().leaseId(), requestId, lease.cores(), coreMillis));
        timers.at(
                lease.readyMillis() + Math.ceilDiv(coreMillis, lease.cores()),
                FunctionTimers.DONE,
                lease.number());
    }

    @Override
    public void done(long nowMillis, long leaseNumber) {
        Share share = shares.remove(leaseNumber);
        if (share != null) {
            mailbox.accept(new BrainEvent.LeaseReleased(share.leaseId()));
        }
    }

    @Override
    public void closed(long nowMillis, OpenLease lease, EndReason reason) {
        Share share = shares.remove(lease.number());
        Undone work = undone.get(lease.terms().requestId());
        if (share != null && work != null) {
            long doneCoreMillis = lease.usefulMillis(nowMillis) * lease.cores();
            work.workers += share.workers();
            work.coreMillis += Math.max(0, share.coreMillis() - doneCoreMillis);
        }
    }

    @Override
    public void requestEnded(String requestId) {
        undone.remove(requestId);
    }
}
