package io.offcut.simulator;

import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfHeader;
import java.util.ArrayList;
import java.util.List;

/**
 * A cluster: classes of equal nodes, numbered from 0 in the order of the classes.
 *
 * @param classes at least one
 * @param outages of its nodes
 * @param nodeNames of all nodes in the order of their numbers; empty where nobody named them
 */
public record ClusterSpec(List<NodeClass> classes, List<Outage> outages, List<String> nodeNames) {
    /** Memory of a core when nobody says otherwise: 4 GiB. */
    public static final long DEFAULT_MEMORY_BYTES_PER_CORE = 4L << 30;

    public ClusterSpec {
        classes = List.copyOf(classes);
        outages = List.copyOf(outages);
        nodeNames = List.copyOf(nodeNames);
        long cores = classes.stream().mapToLong(c -> (long) c.count() * c.cores()).sum();
        if (cores < 1 || cores > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "a cluster needs 1 to " + Integer.MAX_VALUE + " cores; got " + cores);
        }
        int nodes = classes.stream().mapToInt(NodeClass::count).sum();
        if (!nodeNames.isEmpty() && nodeNames.size() != nodes) {
            throw new IllegalArgumentException(nodeNames.size() + " names for " + nodes + " nodes");
        }
        for (Outage outage : outages) {
            if (outage.node() >= nodes) {
                throw new IllegalArgumentException(
                        "there is no node " + outage.node() + " among " + nodes);
            }
        }
    }

    /** Nodes that nobody named. */
    public ClusterSpec(List<NodeClass> classes, List<Outage> outages) {
        this(classes, outages, List.of());
    }

    /**
     * Equal nodes without outages; the last one is smaller when the cores do not divide.
     *
     * @param cores of the whole cluster
     */
    public ClusterSpec(int cores, int coresPerNode, long memoryBytesPerNode) {
        this(equalNodes(cores, coresPerNode, memoryBytesPerNode), List.of());
    }

    private static List<NodeClass> equalNodes(
            int cores, int coresPerNode, long memoryBytesPerNode) {
        if (cores < 1 || coresPerNode < 1) {
            throw new IllegalArgumentException(
                    "a cluster needs cores, on nodes that have some; got "
                            + cores
                            + ", "
                            + coresPerNode
                            + " per node");
        }
        List<NodeClass> classes = new ArrayList<>();
        if (cores >= coresPerNode) {
            classes.add(
                    new NodeClass("node", cores / coresPerNode, coresPerNode, memoryBytesPerNode));
        }
        if (cores % coresPerNode > 0) {
            classes.add(new NodeClass("rest", 1, cores % coresPerNode, memoryBytesPerNode));
        }
        return classes;
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

    public ClusterSpec with(List<Outage> newOutages) {
        return new ClusterSpec(classes, newOutages, nodeNames);
    }

    /** The same nodes, called so. */
    public ClusterSpec named(List<String> newNames) {
        return new ClusterSpec(classes, outages, newNames);
    }

    /** What a node is called: its name, or {@code n} and its number. */
    public String nodeName(int node) {
        return nodeNames.isEmpty() ? "n" + node : nodeNames.get(node);
    }

    public int cores() {
        return classes.stream().mapToInt(c -> c.count() * c.cores()).sum();
    }

    public int nodes() {
        return classes.stream().mapToInt(NodeClass::count).sum();
    }

    /** Cores of the largest node. */
    public int coresPerNode() {
        return classes.stream().mapToInt(NodeClass::cores).max().orElseThrow();
    }

    /** Memory of the largest node. */
    public long memoryBytesPerNode() {
        return classes.stream().mapToLong(NodeClass::memoryBytes).max().orElseThrow();
    }

    /** Memory of all nodes. */
    double memoryBytes() {
        return classes.stream().mapToDouble(c -> (double) c.count() * c.memoryBytes()).sum();
    }

    /** Whether all nodes have the same number of cores. */
    public boolean isEven() {
        return classes.stream().allMatch(c -> c.cores() == coresPerNode());
    }

    /** The class of a node. */
    public NodeClass classOf(int node) {
        int left = node;
        for (NodeClass nodes : classes) {
            if (left < nodes.count()) {
                return nodes;
            }
            left -= nodes.count();
        }
        throw new IllegalArgumentException("there is no node " + node + " among " + nodes());
    }

    /** Cores of one node, numbered from 0. */
    public int coresOf(int node) {
        return classOf(node).cores();
    }

    /** Cores of the idle cluster on which each has so much memory. */
    public int coresFor(long bytesPerCore) {
        return classes.stream().mapToInt(c -> c.count() * c.coresFor(bytesPerCore)).sum();
    }
}
