package io.offcut.simulator.internal.functions;

import io.offcut.core.api.LeaseRequest;
import io.offcut.scheduler.brain.BrainEvent;

/**
 * As much as fits: one request for every core there is, kept for ever. Its leases end only when
 * they are taken back, as those of a client do that renews in time and never runs out of work.
 */
final class StandingClient implements ClientModel {
    private final int cores;
    private final long memoryBytesPerWorker;
    private final FunctionCounts counts;
    private final Mailbox mailbox;

    StandingClient(int cores, long memoryBytesPerWorker, FunctionCounts counts, Mailbox mailbox) {
        this.cores = cores;
        this.memoryBytesPerWorker = memoryBytesPerWorker;
        this.counts = counts;
        this.mailbox = mailbox;
    }

    @Override
    public boolean isSlowed() {
        return true;
    }

    @Override
    public void start(long nowMillis) {
        counts.requests++;
        LeaseRequest wish =
                FunctionSide.wish(cores, memoryBytesPerWorker, FunctionSide.FOR_EVER_MILLIS, true);
        mailbox.accept(new BrainEvent.WorkersRequested("standing", "functions", wish));
    }
}
