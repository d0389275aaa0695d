package io.offcut.simulator.internal.cluster;

import io.offcut.core.CpuSet;
import java.util.Arrays;
import java.util.BitSet;

/**
 * One node: which cores a job holds, on which of them it computes, and since when the others are
 * idle. As for the daemon of a node, a core that a job holds is not idle, computing or not, unless
 * it was made to offer those too. For one thread.
 */
public final class Node {
    private final int index;
    private final int cores;
    private final long memoryBytes;
    private final BitSet held = new BitSet();
    private final BitSet computing = new BitSet();

    /** Cores that are not idle: one of the two above. */
    private final BitSet busy;

    private final long[] idleSinceMillis;
    private long jobMemoryBytes;

    /** Of how many outages it is part now. */
    private int outages;

    Node(int index, int cores, long memoryBytes, boolean offerUnderused, long nowMillis) {
        this.index = index;
        this.cores = cores;
        this.memoryBytes = memoryBytes;
        this.busy = offerUnderused ? computing : held;
        this.idleSinceMillis = new long[cores];
        Arrays.fill(idleSinceMillis, nowMillis);
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

    /** Memory that jobs do not use. */
    public long freeMemoryBytes() {
        return outages > 0 ? 0 : Math.max(0, memoryBytes - jobMemoryBytes);
    }

    /** Whether a job holds cores that may be offered. */
    public boolean isUnderused() {
        return held.cardinality() > busy.cardinality();
    }

    /** Whether a job computes on any of these cores. */
    public boolean computesOn(CpuSet cpus) {
        return cpus.stream().anyMatch(computing::get);
    }

    /** Cores that have been idle since {@code untilMillis}. */
    public CpuSet idleSince(long untilMillis) {
        BitSet idle = new BitSet(cores);
        for (int core = 0; core < cores && outages == 0; core++) {
            if (!busy.get(core) && idleSinceMillis[core] <= untilMillis) {
                idle.set(core);
            }
        }
        return CpuSet.of(idle.stream().toArray());
    }

    /**
     * The first time after {@code nowMillis} at which an idle core has been idle for {@code
     * holdOffMillis}; {@code Long.MAX_VALUE} for never.
     */
    public long nextIdleFor(long holdOffMillis, long nowMillis) {
        long next = Long.MAX_VALUE;
        for (int core = 0; core < cores && outages == 0; core++) {
            long due = idleSinceMillis[core] + holdOffMillis;
            if (!busy.get(core) && due > nowMillis) {
                next = Math.min(next, due);
            }
        }
        return next;
    }

    /** Begins or ends an outage; what is idle then is idle since now. */
    void down(boolean down, long nowMillis) {
        outages += down ? 1 : -1;
        if (outages == 0) {
            Arrays.fill(idleSinceMillis, nowMillis);
        }
    }

    /** Gives the lowest free cores to a job, which computes on the first {@code used} of them. */
    BitSet take(int count, int used, long memory) {
        BitSet taken = new BitSet(cores);
        int core = -1;
        for (int n = 0; n < count; n++) {
            core = held.nextClearBit(core + 1);
            taken.set(core);
            if (n < used) {
                computing.set(core);
            }
        }
        held.or(taken);
        jobMemoryBytes += memory;
        return taken;
    }

    void giveBack(BitSet taken, long memory, long nowMillis) {
        for (int core = taken.nextSetBit(0); core >= 0; core = taken.nextSetBit(core + 1)) {
            if (busy.get(core)) {
                idleSinceMillis[core] = nowMillis;
            }
        }
        held.andNot(taken);
        computing.andNot(taken);
        jobMemoryBytes -= memory;
    }
}
