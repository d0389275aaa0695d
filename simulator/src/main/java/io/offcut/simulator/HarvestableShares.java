package io.offcut.simulator;

import io.offcut.simulator.SimulationResult.Harvestable;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.measure.FreeMemory;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What each policy of offering could win at most, by what the log tells of its jobs. */
final class HarvestableShares {
    private final int measured;

    /**
     * Null where jobs were on no nodes; then the log tells no memory, which goes with the cores.
     */
    private final FreeMemory.@Nullable Total freeMemory;

    private final double capacity;
    private final double memory;

    HarvestableShares(
            SimulationConfig config,
            BatchJobs jobs,
            FreeMemory.@Nullable Total freeMemory,
            double spanSeconds) {
        this.measured = (int) IntStream.range(0, jobs.size()).filter(jobs::isMeasured).count();
        this.freeMemory = freeMemory;
        this.capacity = spanSeconds * config.cluster().cores();
        this.memory = spanSeconds * config.cluster().memoryBytes();
    }

    /**
     * @param downCoreSeconds of nodes that take no jobs
     * @param allocatedCoreSeconds that jobs hold
     * @param jobCoreSeconds of these, what they asked for
     * @param unusedCoreSeconds of these, what the log measured that they do not use; what a job
     *     takes longer for functions beside it is none of it: then it computes all the same
     */
    List<Harvestable> all(
            double downCoreSeconds,
            double allocatedCoreSeconds,
            double jobCoreSeconds,
            double unusedCoreSeconds) {
        double up = capacity - downCoreSeconds;
        double unallocated = up - allocatedCoreSeconds;
        double unused = up - jobCoreSeconds;
        return List.of(
                new Harvestable("none", 0, 0, 0, 0, measured),
                row(
                        "unallocated",
                        unallocated,
                        freeMemory == null ? memoryOf(unallocated) : freeMemory.unheld()),
                row(
                        "underused",
                        unused + unusedCoreSeconds,
                        freeMemory == null ? memoryOf(unused) : freeMemory.unfilled()));
    }

    /** The share of so many cores. */
    private double memoryOf(double coreSeconds) {
        return capacity == 0 ? 0 : memory * coreSeconds / capacity;
    }

    private Harvestable row(String policy, double cores, double bytes) {
        return new Harvestable(
                policy,
                Math.max(0, cores),
                capacity == 0 ? 0 : Math.clamp(cores / capacity, 0.0, 1.0),
                Math.max(0, bytes),
                memory == 0 ? 0 : Math.clamp(bytes / memory, 0.0, 1.0),
                measured);
    }
}
