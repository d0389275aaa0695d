package io.offcut.traces;

/**
 * What the jobs of a synthetic log use of their memory: each processor a log-normal amount, and
 * what is asked for is that times one plus an exponential factor, so that the sum of what is used
 * is a given share of the sum of what is asked for.
 *
 * @param medianKib used by a processor
 * @param sigma deviation of its logarithm
 * @param mostKib a processor uses at most
 * @param usedOfRequested share of what is asked for that is used, of all jobs together; above 0, at
 *     most 1
 */
public record MemoryModel(double medianKib, double sigma, long mostKib, double usedOfRequested) {
    // ln(369 / 73) over the 90th percentile of the normal distribution.
    private static final double GAIA_SIGMA = 1.264;
    private static final double MASON_USED_OF_REQUESTED = 0.27;

    /**
     * Median 73 MB and nine in ten below 369 MB a processor, as measured on UniLu-Gaia 2014
     * (Parallel Workloads Archive); 27 % of what is asked for is used, as on Indiana's Mason in
     * 2017. On nodes with 4 GiB a core, 96 % of jobs use less than 15 % of the memory: Peng, Pearce
     * and Gokhale, "On the Memory Underutilization", SBAC-PAD 2020, find more than 90 % of jobs on
     * four clusters of Lawrence Livermore.
     */
    public static final MemoryModel GAIA =
            new MemoryModel(73_000, GAIA_SIGMA, Integer.MAX_VALUE, MASON_USED_OF_REQUESTED);

    public MemoryModel {
        if (!(medianKib >= 1)
                || !(sigma >= 0)
                || mostKib < 1
                || !(usedOfRequested > 0 && usedOfRequested <= 1)) {
            throw new IllegalArgumentException(
                    "a memory model needs a median and a most of at least 1 KiB, a deviation from 0"
                            + " and a used share above 0 and up to 1; got "
                            + medianKib
                            + ", "
                            + mostKib
                            + ", "
                            + sigma
                            + ", "
                            + usedOfRequested);
        }
    }

    /**
     * Nodes of which 75.3 % of the memory is free while jobs have them, as on Piz Daint in March
     * 2022 (Copik et al., IPDPS 2024). Only that mean is published; how it is spread over jobs is
     * taken from {@link #GAIA}, cut at all there is.
     *
     * @param memoryPerProcKib memory of a node over its processors
     */
    public static MemoryModel pizDaint(long memoryPerProcKib) {
        // With this median a log-normal of that deviation, cut at 1, has the mean 0.247.
        double median = 0.136937 * memoryPerProcKib;
        return new MemoryModel(median, GAIA_SIGMA, memoryPerProcKib, MASON_USED_OF_REQUESTED);
    }

    /** Used by each processor of a job, in KiB. */
    long usedKib(RandomVariates random) {
        return Math.min(mostKib, (long) random.logNormal(medianKib, sigma));
    }

    /**
     * Asked for by a job that uses so much, in KiB a processor: never less, at most what there is.
     */
    long requestedKib(long usedKib, RandomVariates random) {
        double spare = random.exponential(1 / usedOfRequested - 1);
        return Math.min(mostKib, (long) StrictMath.ceil(usedKib * (1 + spare)));
    }
}
