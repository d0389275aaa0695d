package io.offcut.simulator.internal.cluster;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.ClusterSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All nodes, and where the next job goes. Sharing nodes, a job takes the nodes with most free cores
 * while it needs all of them, and its rest goes where it leaves the least free (best fit); among
 * equals the lowest number wins. With whole nodes it takes the free ones of the lowest numbers. For
 * one thread.
 */
public final class Cluster {
    /** Bounds what a lying header can make us allocate. */
    public static final int MAX_NODES = 200_000;

    private final Allocation allocation;
    private final Node[] nodes;
    private final NodesByFree byFree;
    private final BitSet changed = new BitSet();
    private int usedCores;

    /** An idle cluster. */
    public Cluster(ClusterSpec spec, Allocation allocation) {
        this.allocation = allocation;
        this.nodes = new Node[spec.nodes()];
        this.byFree = new NodesByFree(spec.coresPerNode());
        for (int index = 0; index < nodes.length; index++) {
            nodes[index] = new Node(index, spec.coresOf(index), spec.classOf(index).memoryBytes());
            byFree.add(index, spec.coresOf(index));
        }
    }

    public int size() {
        return nodes.length;
    }

    public Node node(int index) {
        return nodes[index];
    }

    /** Cores on which jobs compute. */
    public int usedCores() {
        return usedCores;
    }

    /** The nodes whose cores changed since the last call, in ascending order. */
    public List<Node> takeChanged() {
        List<Node> result = new ArrayList<>(changed.cardinality());
        int index = changed.nextSetBit(0);
        while (index >= 0) {
            result.add(nodes[index]);
            index = changed.nextSetBit(index + 1);
        }
        changed.clear();
        return result;
    }

    /**
     * Places a job on as many of {@code cores} as there are: some recorded schedules hold more than
     * the machine has.
     *
     * @param where it is to go as far as there is room; null for anywhere
     */
    public Placement place(int cores, @Nullable Assignment where) {
        Placement placement = new Placement();
        int missing = cores;
        if (where != null) {
            missing -= takeFrom(where, placement);
            placement.movedCores(missing);
        }
        while (missing > 0 && byFree.most() > 0) {
            int atLeast =
                    allocation == Allocation.NODES
                            ? byFree.most()
                            : Math.min(missing, byFree.most());
            Node node = nodes[byFree.tightest(atLeast)];
            missing -= takeFrom(node, missing, placement);
        }
        usedCores += placement.coresUsed();
        return placement;
    }

    private int takeFrom(Assignment where, Placement placement) {
        int taken = 0;
        for (int part = 0; part < where.parts(); part++) {
            Node node = nodes[where.node(part)];
            if (node.freeCores() > 0) {
                taken += takeFrom(node, where.cores(part), placement);
            }
        }
        return taken;
    }

    /** A node offers nothing while it is down. */
    public void down(int node, boolean down) {
        nodes[node].down(down);
        changed.set(node);
    }

    private int takeFrom(Node node, int missing, Placement placement) {
        int free = node.freeCores();
        int used = Math.min(free, missing);
        int held = allocation == Allocation.NODES ? free : used;
        placement.add(node, node.take(held), used);
        moved(node, free);
        return used;
    }

    private void moved(Node node, int freeBefore) {
        byFree.remove(node.index(), freeBefore);
        byFree.add(node.index(), node.freeCores());
        changed.set(node.index());
    }

    /** Takes a job off. */
    public void remove(Placement placement) {
        for (Placement.Part part : placement.parts()) {
            int free = part.node().freeCores();
            part.node().giveBack(part.cores());
            moved(part.node(), free);
        }
        usedCores -= placement.coresUsed();
    }
}
