package io.offcut.simulator.internal.batch;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.ClusterSpec;

/** Names to schedulers. */
public final class Schedulers {
    private Schedulers() {}

    /** A scheduler that gives out cores or, if jobs hold whole nodes, nodes. */
    public static BatchScheduler create(
            BatchConfig config,
            BatchJobs jobs,
            ClusterSpec cluster,
            BatchScheduler.Actions actions) {
        int slots = config.allocation() == Allocation.NODES ? cluster.nodes() : cluster.cores();
        return switch (config.scheduler()) {
            case RECORDED -> new RecordedScheduler(jobs, actions);
            case FCFS -> new FcfsScheduler(jobs, slots, actions);
            case EASY -> new EasyScheduler(jobs, slots, actions, true);
            case EASY_INSTANT -> new EasyScheduler(jobs, slots, actions, false);
        };
    }
}
