package io.offcut.simulator;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.cluster.Cluster;
import io.offcut.simulator.internal.engine.Engine;

/**
 * Runs simulations. Pure: one configuration always gives one result, to the last bit. Each call is
 * for one thread; several may run at once.
 */
public final class Simulation {
    private Simulation() {}

    /** Told how far a simulation is, often. */
    @FunctionalInterface
    public interface Progress {
        /** So many of all jobs have ended. */
        void at(int finishedJobs, int jobs);
    }

    /**
     * Simulates.
     *
     * @throws OffcutException {@link ErrorCode#INVALID_INPUT} if there is no job to simulate,
     *     {@link ErrorCode#USAGE} if functions are to run on too many nodes, or the scheduler does
     *     not know what the machine has
     */
    public static SimulationResult run(SimulationConfig config) {
        return run(config, (finished, jobs) -> {});
    }

    /** Simulates, and tells how far it is. */
    public static SimulationResult run(SimulationConfig config, Progress progress) {
        return run(config, progress, LeaseLog.NONE);
    }

    /** Simulates, tells how far it is, and tells of every lease. */
    public static SimulationResult run(
            SimulationConfig config, Progress progress, LeaseLog leaseLog) {
        check(config);
        BatchJobs jobs = new BatchJobs(config.jobs(), config.cluster(), config.batch());
        if (jobs.size() == 0) {
            throw nothingToSimulate(config, jobs);
        }
        Engine.Outcome outcome =
                new Engine(config, jobs, leaseLog)
                        .run(finished -> progress.at(finished, jobs.size()));
        return new Summing(config, jobs, outcome).result();
    }

    private static void check(SimulationConfig config) {
        ClusterSpec cluster = config.cluster();
        boolean recorded = config.batch().scheduler() == Scheduler.RECORDED;
        if (recorded && !cluster.outages().isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "a recorded schedule has its outages in it: give none, or another scheduler");
        }
        boolean wholeNodes = config.batch().allocation() == Allocation.NODES;
        boolean tellsNodes = !config.jobs().placements().isEmpty();
        if (recorded && wholeNodes && !cluster.isEven() && !tellsNodes) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    cluster.cores()
                            + " cores are not on equal nodes, and this log does not say"
                            + " which a job held; let jobs share nodes, or give another scheduler");
        }
        boolean onNodes =
                !config.functions().isNone() || config.batch().fit() != BatchConfig.Fit.COUNT;
        if (onNodes && cluster.nodes() > Cluster.MAX_NODES) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    cluster.nodes()
                            + " nodes are more than the "
                            + Cluster.MAX_NODES
                            + " that jobs are placed on; give the cores per node");
        }
    }

    private static OffcutException nothingToSimulate(SimulationConfig config, BatchJobs jobs) {
        boolean recorded = config.batch().scheduler() == BatchConfig.Scheduler.RECORDED;
        return new OffcutException(
                ErrorCode.INVALID_INPUT,
                "none of "
                        + config.jobs().size()
                        + " jobs can be simulated: "
                        + jobs.unknown
                        + (recorded
                                ? " have no run time, size or wait (try the scheduler easy), "
                                : " have no run time or size, ")
                        + jobs.tooLarge
                        + " are larger than "
                        + config.cluster().cores()
                        + " cores");
    }
}
