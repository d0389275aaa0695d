package io.offcut.simulator;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfHeader;

/**
 * A cluster of equal nodes; the last one is smaller when the cores do not divide.
 *
 * @param cores of the whole cluster
 * @param coresPerNode at most {@link CpuSet#MAX_CPU} + 1
 * @param memoryBytesPerNode memory of each node
 */
public record ClusterSpec(int cores, int coresPerNode, long memoryBytesPerNode) {
    /** Memory of a core when nobody says otherwise: 4 GiB. */
    public static final long DEFAULT_MEMORY_BYTES_PER_CORE = 4L << 30;

    public ClusterSpec {
        if (cores < 1
                || coresPerNode < 1
                || coresPerNode > CpuSet.MAX_CPU + 1
                || memoryBytesPerNode < 0) {
            throw new IllegalArgumentException(
                    "a cluster needs cores, 1 to "
                            + (CpuSet.MAX_CPU + 1)
                            + " of them on each node; got "
                            + cores
                            + " cores, "
                            + coresPerNode
                            + " per node, "
                            + memoryBytesPerNode
                            + " bytes per node");
        }
    }

    /** A cluster with the default memory. */
    public static ClusterSpec of(int cores, int coresPerNode) {
        return new ClusterSpec(cores, coresPerNode, coresPerNode * DEFAULT_MEMORY_BYTES_PER_CORE);
    }

    /**
     * The cluster that a log's header tells of: {@code MaxProcs} cores, and as many on a node as
     * {@code MaxProcs / MaxNodes}, rounded up. A header with one of the two means nodes of one
     * core.
     *
     * @param coresOverride used instead of the header when above 0
     * @param coresPerNodeOverride used instead of the header when above 0
     * @throws OffcutException {@link ErrorCode#USAGE} when neither tells how many cores there are
     */
    public static ClusterSpec fromHeader(
            SwfHeader header, int coresOverride, int coresPerNodeOverride) {
        long cores =
                coresOverride > 0
                        ? coresOverride
                        : header.maxProcs().orElse(header.maxNodes().orElse(0));
        if (cores < 1 || cores > Integer.MAX_VALUE) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "the log does not say how many processors its machine has; give --procs");
        }
        long nodes = Math.max(1, header.maxNodes().orElse(cores));
        long perNode = coresPerNodeOverride > 0 ? coresPerNodeOverride : Math.ceilDiv(cores, nodes);
        return of((int) cores, (int) Math.min(perNode, CpuSet.MAX_CPU + 1));
    }

    public int nodes() {
        return Math.ceilDiv(cores, coresPerNode);
    }

    /** Cores of one node, numbered from 0. */
    public int coresOf(int node) {
        return Math.min(coresPerNode, cores - node * coresPerNode);
    }
}
