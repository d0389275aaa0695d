package io.offcut.simulator;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.SimulationResult.Harvestable;
import io.offcut.simulator.internal.batch.BatchJobs;
import io.offcut.traces.JobTable;
import java.util.List;

/**
 * What each policy of offering could win at most, by what the log tells of its jobs. Where nodes
 * differ, jobs are taken to be on the largest.
 */
final class HarvestableShares {
    private static final double KIB = 1024;

    private final ClusterSpec cluster;
    private final JobTable table;
    private final BatchJobs jobs;
    private final JobSchedule schedule;
    private final boolean wholeNodes;
    private final int coresPerNode;
    private final double nodeBytes;

    private double unusedCoreSeconds;
    private double heldByteSeconds;
    private double usedByteSeconds;
    private int measured;

    HarvestableShares(SimulationConfig config, BatchJobs jobs, JobSchedule schedule) {
        this.cluster = config.cluster();
        this.table = config.jobs();
        this.jobs = jobs;
        this.schedule = schedule;
        this.coresPerNode = cluster.coresPerNode();
        this.nodeBytes = (double) cluster.memoryBytesPerNode();
        this.wholeNodes = config.batch().allocation() == Allocation.NODES;
    }

    /**
     * @param downCoreSeconds of nodes that take no jobs
     * @param allocatedCoreSeconds that jobs hold
     * @param jobCoreSeconds of these, what they asked for
     */
    List<Harvestable> all(
            double spanSeconds,
            double downCoreSeconds,
            double allocatedCoreSeconds,
            double jobCoreSeconds) {
        for (int job = 0; job < jobs.size(); job++) {
            add(job);
        }
        double capacity = spanSeconds * cluster.cores();
        double memory = spanSeconds * machineBytes();
        double unallocated = capacity - downCoreSeconds - allocatedCoreSeconds;
        return List.of(
                new Harvestable("none", 0, 0, 0, 0, measured),
                row("unallocated", unallocated, capacity, memory - heldByteSeconds, memory),
                row(
                        "underused",
                        capacity - downCoreSeconds - jobCoreSeconds + unusedCoreSeconds,
                        capacity,
                        memory - usedByteSeconds,
                        memory));
    }

    private double machineBytes() {
        return cluster.classes().stream()
                .mapToDouble(nodes -> (double) nodes.count() * nodes.memoryBytes())
                .sum();
    }

    private void add(int job) {
        int row = schedule.row(job);
        double seconds = schedule.endSeconds(job) - schedule.startSeconds(job);
        double coreSeconds = seconds * schedule.cores(job);
        double cpuSeconds = table.averageCpuSeconds(row) * schedule.cores(job);
        if (cpuSeconds >= 0) {
            unusedCoreSeconds += Math.max(0, coreSeconds - cpuSeconds);
        }
        long used = table.usedMemoryKib(row);
        long requested = table.requestedMemoryKib(row);
        double share = nodeBytes / coresPerNode;
        double held = requested > 0 ? requested * KIB : share;
        double nodes = Math.ceilDiv(schedule.cores(job), coresPerNode);
        heldByteSeconds +=
                wholeNodes ? seconds * nodes * nodeBytes : coreSeconds * Math.min(held, nodeBytes);
        double filled = used > 0 ? used * KIB : held;
        usedByteSeconds += coreSeconds * Math.min(filled, nodeBytes);
        measured += cpuSeconds >= 0 || used > 0 ? 1 : 0;
    }

    private Harvestable row(
            String policy, double cores, double capacity, double bytes, double memory) {
        return new Harvestable(
                policy,
                Math.max(0, cores),
                capacity == 0 ? 0 : Math.clamp(cores / capacity, 0.0, 1.0),
                Math.max(0, bytes),
                memory == 0 ? 0 : Math.clamp(bytes / memory, 0.0, 1.0),
                measured);
    }
}
