package io.offcut.simulator;

import io.offcut.traces.JobTable;

/**
 * One simulation.
 *
 * @param jobs the log
 * @param cluster the machine
 * @param batch how jobs are scheduled
 * @param functions what runs on the idle cores
 * @param seed of everything random
 * @param bucketSeconds width of a row of the utilisation table
 */
public record SimulationConfig(
        JobTable jobs,
        ClusterSpec cluster,
        BatchConfig batch,
        FunctionConfig functions,
        long seed,
        int bucketSeconds) {
    public SimulationConfig {
        if (bucketSeconds < 1) {
            throw new IllegalArgumentException("buckets of " + bucketSeconds + " s");
        }
    }

    /** EASY, the default functions, seed 1, hourly rows. */
    public SimulationConfig(JobTable jobs, ClusterSpec cluster) {
        this(jobs, cluster, BatchConfig.DEFAULT, FunctionConfig.DEFAULT, 1, 3600);
    }

    public SimulationConfig with(BatchConfig newBatch) {
        return new SimulationConfig(jobs, cluster, newBatch, functions, seed, bucketSeconds);
    }

    public SimulationConfig with(FunctionConfig newFunctions) {
        return new SimulationConfig(jobs, cluster, batch, newFunctions, seed, bucketSeconds);
    }

    public SimulationConfig withSeed(long newSeed) {
        return new SimulationConfig(jobs, cluster, batch, functions, newSeed, bucketSeconds);
    }
}
