package io.offcut.simulator.internal.batch;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Fit;
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
        boolean perEvent = config.easySemantics() == EasySemantics.PER_EVENT;
        return switch (config.scheduler()) {
            case RECORDED -> new RecordedScheduler(jobs, jobs.recordedPlaces(cluster), actions);
            case FCFS -> new FcfsScheduler(jobs, room(config, jobs, cluster), actions);
            case EASY -> new EasyScheduler(jobs, room(config, jobs, cluster), actions, perEvent);
            case CONSERVATIVE ->
                    new ConservativeScheduler(jobs, plan(config, jobs, cluster), actions);
        };
    }

    private static Room room(BatchConfig config, BatchJobs jobs, ClusterSpec cluster) {
        return placementDecides(config, cluster)
                ? new PlacedRoom(jobs, nodes(config, jobs, cluster))
                : new CountedRoom(jobs, slots(config, cluster));
    }

    private static Plan plan(BatchConfig config, BatchJobs jobs, ClusterSpec cluster) {
        if (!placementDecides(config, cluster)) {
            return new CountedPlan(jobs, slots(config, cluster));
        }
        JobsOnNodes nodes = nodes(config, jobs, cluster);
        return nodes.space().isWhole() || jobs.needMemory()
                ? new NodePlan(jobs, nodes)
                : new CountedPlan(jobs, nodes);
    }

    private static int slots(BatchConfig config, ClusterSpec cluster) {
        return isWhole(config) ? cluster.nodes() : cluster.cores();
    }

    private static JobsOnNodes nodes(BatchConfig config, BatchJobs jobs, ClusterSpec cluster) {
        NodeSpace space = new NodeSpace(cluster, isWhole(config));
        return new JobsOnNodes(jobs, space, !cluster.outages().isEmpty());
    }

    private static boolean isWhole(BatchConfig config) {
        return config.allocation() == Allocation.NODES;
    }

    /** Whether more than a number of free cores or nodes decides what fits. */
    private static boolean placementDecides(BatchConfig config, ClusterSpec cluster) {
        return config.fit() != Fit.COUNT
                || !cluster.outages().isEmpty()
                || (isWhole(config) && !cluster.isEven());
    }
}
