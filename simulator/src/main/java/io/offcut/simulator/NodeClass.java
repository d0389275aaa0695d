package io.offcut.simulator;

import io.offcut.core.CpuSet;

/**
 * Equal nodes.
 *
 * @param name of the class, for people
 * @param count how many there are
 * @param cores of each, at most {@link CpuSet#MAX_CPU} + 1
 * @param memoryBytes of each
 */
public record NodeClass(String name, int count, int cores, long memoryBytes) {
    public NodeClass {
        if (count < 1 || cores < 1 || cores > CpuSet.MAX_CPU + 1 || memoryBytes < 0) {
            throw new IllegalArgumentException(
                    "a class of nodes needs nodes with 1 to "
                            + (CpuSet.MAX_CPU + 1)
                            + " cores; got "
                            + count
                            + " nodes of "
                            + cores
                            + " cores and "
                            + memoryBytes
                            + " bytes in class '"
                            + name
                            + "'");
        }
    }

    /** Cores of a free node on which each has so much memory. */
    int coresFor(long bytesPerCore) {
        return bytesPerCore == 0 ? cores : (int) Math.min(cores, memoryBytes / bytesPerCore);
    }
}
