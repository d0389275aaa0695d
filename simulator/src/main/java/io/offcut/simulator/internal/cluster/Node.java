package io.offcut.simulator.internal.cluster;

import java.util.BitSet;

/** One node: which cores jobs hold. For one thread. */
public final class Node {
    private final int index;
    private final int cores;
    private final long memoryBytes;
    private final BitSet held = new BitSet();

    /** Of how many outages it is part now. */
    private int outages;

    Node(int index, int cores, long memoryBytes) {
        this.index = index;
        this.cores = cores;
        this.memoryBytes = memoryBytes;
    }

    public int index() {
        return index;
    }

    public int cores() {
        return cores;
    }

    public long memoryBytes() {
        return memoryBytes;
    }

    /** Whether no job holds this core, and the node is there. */
    public boolean isFree(int core) {
        return outages == 0 && !held.get(core);
    }

    /** Cores that no job holds. */
    int freeCores() {
        return cores - held.cardinality();
    }

    /** Begins or ends an outage. */
    void down(boolean down) {
        outages += down ? 1 : -1;
    }

    /** Gives the lowest free cores to a job. */
    BitSet take(int count) {
        BitSet taken = new BitSet(cores);
        int core = -1;
        for (int n = 0; n < count; n++) {
            core = held.nextClearBit(core + 1);
            taken.set(core);
        }
        held.or(taken);
        return taken;
    }

    void giveBack(BitSet taken) {
        held.andNot(taken);
    }
}
