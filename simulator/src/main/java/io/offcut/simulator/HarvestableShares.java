package io.offcut.simulator;

import io.offcut.simulator.SimulationResult.Harvestable;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.simulator.internal.measure.FreeMemory;
import io.offcut.traces.JobTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What each policy of offering could win at most, by what the log tells of its jobs. */
final class HarvestableShares {
    private final JobTable table;
    private final BatchJobs jobs;
    private final JobSchedule schedule;

    /**
     * Null where jobs were on no nodes; then the log tells no memory, which goes with the cores.
     */
    private final FreeMemory.@Nullable Total freeMemory;

    private final double capacity;
    private final double memory;
    private double unusedCoreSeconds;
    private int measured;

    HarvestableShares(
            SimulationConfig config,
            BatchJobs jobs,
            JobSchedule schedule,
            FreeMemory.@Nullable Total freeMemory,
            double spanSeconds) {
        this.table = config.jobs();
        this.jobs = jobs;
        this.schedule = schedule;
        this.freeMemory = freeMemory;
        this.capacity = spanSeconds * config.cluster().cores();
        this.memory = spanSeconds * config.cluster().memoryBytes();
    }

    /**
     * @param downCoreSeconds of nodes that take no jobs
     * @param allocatedCoreSeconds that jobs hold
     * @param jobCoreSeconds of these, what they asked for
     */
    List<Harvestable> all(
            double downCoreSeconds, double allocatedCoreSeconds, double jobCoreSeconds) {
        for (int job = 0; job < jobs.size(); job++) {
            add(job);
        }
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

    /**
     * What it takes longer for functions beside it does not count: then it computes all the same.
     */
    private void add(int job) {
        int row = schedule.row(job);
        double held = schedule.endSeconds(job) - schedule.startSeconds(job);
        double coreSeconds = Math.min(held, jobs.runMillis(job) / 1000.0) * schedule.cores(job);
        double cpuSeconds = table.averageCpuSeconds(row) * schedule.cores(job);
        if (cpuSeconds >= 0) {
            unusedCoreSeconds += Math.max(0, coreSeconds - cpuSeconds);
        }
        measured += cpuSeconds >= 0 || table.usedMemoryKib(row) > 0 ? 1 : 0;
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
