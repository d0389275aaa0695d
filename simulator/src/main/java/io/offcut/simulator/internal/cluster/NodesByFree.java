package io.offcut.simulator.internal.cluster;

import java.util.BitSet;

/** Nodes told apart by how many cores they have free. For one thread. */
final class NodesByFree {
    private final BitSet[] nodes;

    /** No node of the class has a lower number. */
    private final int[] lowest;

    private int most;

    NodesByFree(int maxFree) {
        nodes = new BitSet[maxFree + 1];
        lowest = new int[maxFree + 1];
        for (int free = 0; free <= maxFree; free++) {
            nodes[free] = new BitSet();
        }
    }

    void add(int node, int free) {
        nodes[free].set(node);
        lowest[free] = Math.min(lowest[free], node);
        most = Math.max(most, free);
    }

    void remove(int node, int free) {
        nodes[free].clear(node);
    }

    /** The most cores any node has free. */
    int most() {
        while (most > 0 && nodes[most].isEmpty()) {
            most--;
        }
        return most;
    }

    /** The node of the lowest number among those with the fewest free cores, at least so many. */
    int tightest(int atLeast) {
        int free = atLeast;
        while (nodes[free].isEmpty()) {
            free++;
        }
        lowest[free] = nodes[free].nextSetBit(lowest[free]);
        return lowest[free];
    }
}
