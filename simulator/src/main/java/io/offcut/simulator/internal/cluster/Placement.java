package io.offcut.simulator.internal.cluster;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Where one job is. For one thread. */
public final class Placement {
    /**
     * What the job has of one node.
     *
     * @param cores it holds; not to be changed
     * @param used it computes on so many, the lowest of them
     */
    public record Part(Node node, BitSet cores, int used) {}

    private final List<Part> parts = new ArrayList<>(1);

    private int coresHeld;
    private int coresUsed;
    private int movedCores;

    void add(Node node, BitSet cores, int used) {
        parts.add(new Part(node, cores, used));
        count(cores.cardinality(), used);
    }

    void count(int held, int used) {
        coresHeld += held;
        coresUsed += used;
    }

    void movedCores(int cores) {
        movedCores = cores;
    }

    /** Cores for which there was no room where the job was to go. */
    public int movedCores() {
        return movedCores;
    }

    /** Node by node; empty where nodes are not told apart. */
    public List<Part> parts() {
        return parts;
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
