package io.offcut.simulator.internal.cluster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Where one job is. For one thread. */
public final class Placement {
    record Part(Node node, BitSet cores, long memoryBytes) {}

    /** Empty where nodes are not told apart. */
    final List<Part> parts = new ArrayList<>(1);

    private int coresHeld;
    private int coresUsed;

    void add(Node node, BitSet cores, int used, long memoryBytes) {
        parts.add(new Part(node, cores, memoryBytes));
        count(cores.cardinality(), used);
    }

    void count(int held, int used) {
        coresHeld += held;
        coresUsed += used;
    }

    /** Cores that no other job can have. */
    public int coresHeld() {
        return coresHeld;
    }

    /** Cores the job computes on. */
    public int coresUsed() {
        return coresUsed;
    }
}
