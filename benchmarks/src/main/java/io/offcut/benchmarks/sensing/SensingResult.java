package io.offcut.benchmarks.sensing;

/**
 * What a look at one kind of node costs.
 *
 * @param cgroups {@code v1} or {@code v2}
 * @param cpuMicros CPU time of the looking thread for one sample, mean
 * @param p99CpuMicros what 99 of 100 samples stay under
 * @param bareCpuMicros CPU time of reading as many files that are open, and nothing else
 * @param files files that are read for a sample
 * @param corePercentAtOneHertz share of one core when one sample is taken each second
 * @param allocatedBytes of one sample
 * @param heapGrowthBytes live heap after all samples without that before them
 * @param offers what was offered in the end
 */
record SensingResult(
        String cgroups,
        double cpuMicros,
        double p99CpuMicros,
        double bareCpuMicros,
        int files,
        double corePercentAtOneHertz,
        long allocatedBytes,
        long heapGrowthBytes,
        int offers) {
    static final double MAX_CORE_PERCENT = 0.2;

    /** What a virtual machine's own book-keeping may add. */
    static final long MAX_HEAP_GROWTH_BYTES = 256 << 10;

    boolean kept() {
        return corePercentAtOneHertz < MAX_CORE_PERCENT && heapGrowthBytes < MAX_HEAP_GROWTH_BYTES;
    }
}
