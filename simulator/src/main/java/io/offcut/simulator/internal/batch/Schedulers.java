package io.offcut.simulator.internal.batch;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.internal.cluster.NodeSpace;

/** Names to schedulers. */
public final class Schedulers {
    private Schedulers() {}

    /**
     * A scheduler for the machine: one that counts cores or, where jobs hold whole nodes, nodes, if
     * that is all which decides whether a job fits; else one that places jobs on nodes.
     */
    public static BatchScheduler create(
            BatchConfig config,
            BatchJobs jobs,
            ClusterSpec cluster,
            BatchScheduler.Actions actions) {
        if (config.scheduler() == Scheduler.RECORDED) {
            return new RecordedScheduler(jobs, jobs.recordedPlaces(cluster), actions);
        }
        boolean perEvent = config.easySemantics() == EasySemantics.PER_EVENT;
        boolean wholeNodes = config.allocation() == Allocation.NODES;
        if (placementDecides(config, cluster)) {
            return new PlacingScheduler(
                    jobs, new NodeSpace(cluster, wholeNodes), actions, rule(config, perEvent));
        }
        int slots = wholeNodes ? cluster.nodes() : cluster.cores();
        return switch (config.scheduler()) {
            case FCFS -> new FcfsScheduler(jobs, slots, actions);
            case CONSERVATIVE -> new ConservativeScheduler(jobs, slots, actions);
            case EASY, RECORDED -> new EasyScheduler(jobs, slots, actions, perEvent);
        };
    }

    /** Whether more than a number of free cores or nodes decides what fits. */
    private static boolean placementDecides(BatchConfig config, ClusterSpec cluster) {
        return config.fit() != Fit.COUNT
                || !cluster.outages().isEmpty()
                || (config.allocation() == Allocation.NODES && !cluster.isEven());
    }

    private static PlacingScheduler.Rule rule(BatchConfig config, boolean perEvent) {
        return switch (config.scheduler()) {
            case FCFS -> PlacingScheduler.Rule.FCFS;
            case EASY ->
                    perEvent
                            ? PlacingScheduler.Rule.EASY_PER_EVENT
                            : PlacingScheduler.Rule.EASY_PER_INSTANT;
            case CONSERVATIVE, RECORDED ->
                    throw new OffcutException(
                            ErrorCode.USAGE,
                            "conservative backfilling counts cores only: with memory, outages or"
                                    + " whole nodes of several sizes use the scheduler easy");
        };
    }
}
