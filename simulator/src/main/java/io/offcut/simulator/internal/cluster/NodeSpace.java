package io.offcut.simulator.internal.cluster;

import io.offcut.simulator.ClusterSpec;
import org.jspecify.annotations.Nullable;

/**
 * What is free on each node, as a scheduler sees it that places jobs: first fit, in the order of
 * the nodes' numbers. A job takes from each node what fits there, until it has all its cores. Jobs
 * that hold whole nodes want them entirely free. For one thread.
 */
public final class NodeSpace {
    private final boolean wholeNodes;
    private final int[] cores;
    private final long[] bytes;
    final int[] freeCores;
    final long[] freeBytes;

    /** Of how many outages each node is part now. */
    private final int[] outages;

    private int freeTotal;
    private int downNodes;
    private int downCores;

    /** All nodes before it are full. */
    private int firstFree;

    /** Somebody wants to know how many cores are usable with so much memory each. */
    private long watchedBytes = -1;

    private int watchedCores;

    public NodeSpace(ClusterSpec spec, boolean wholeNodes) {
        this.wholeNodes = wholeNodes;
        this.cores = new int[spec.nodes()];
        this.bytes = new long[spec.nodes()];
        this.outages = new int[spec.nodes()];
        for (int node = 0; node < cores.length; node++) {
            cores[node] = spec.coresOf(node);
            bytes[node] = spec.classOf(node).memoryBytes();
        }
        this.freeCores = cores.clone();
        this.freeBytes = bytes.clone();
        this.freeTotal = spec.cores();
    }

    public int nodes() {
        return cores.length;
    }

    /** Cores of a node, free or not. */
    public int cores(int node) {
        return cores[node];
    }

    /** Memory of a node, free or not. */
    public long bytes(int node) {
        return bytes[node];
    }

    /** Whether jobs hold whole nodes. */
    public boolean isWhole() {
        return wholeNodes;
    }

    /** Whether a node takes no jobs now. */
    public boolean isDown(int node) {
        return outages[node] > 0;
    }

    /** Cores of an assignment that are on nodes which take jobs. */
    public int upCores(Assignment where) {
        int up = 0;
        for (int part = 0; part < where.parts(); part++) {
            up += isDown(where.node(part)) ? 0 : where.cores(part);
        }
        return up;
    }

    /** Cores that no job holds, of nodes that take jobs. */
    public int freeTotal() {
        return freeTotal;
    }

    /** Whether nothing but the number of free cores decides whether such a job fits. */
    public boolean isCounted(long bytesPerCore) {
        return bytesPerCore == 0 && !wholeNodes && downNodes == 0;
    }

    /** Cores that no job holds, of nodes that take none. */
    public int downCores() {
        return downCores;
    }

    /** Where a job would go now; null if it does not fit. */
    public @Nullable Assignment find(int wanted, long bytesPerCore) {
        if (wanted > freeTotal) {
            return null;
        }
        while (firstFree < cores.length && freeCores[firstFree] == 0) {
            firstFree++;
        }
        Assignment.Builder where = new Assignment.Builder();
        int missing = wanted;
        for (int node = firstFree; node < cores.length && missing > 0; node++) {
            int here = Math.min(missing, usable(node, bytesPerCore));
            if (here > 0) {
                where.add(node, here);
                missing -= here;
            }
        }
        return missing > 0 ? null : where.build();
    }

    private int usable(int node, long bytesPerCore) {
        return usable(node, bytesPerCore, freeCores[node], freeBytes[node]);
    }

    /** Cores a job can have on a node with so much free. */
    public int usable(int node, long bytesPerCore, int coresFree, long bytesFree) {
        if (outages[node] > 0 || (wholeNodes && coresFree < cores[node])) {
            return 0;
        }
        return bytesPerCore == 0 ? coresFree : (int) Math.min(coresFree, bytesFree / bytesPerCore);
    }

    /** Cores of a node that a job holds which computes on so many. */
    public int held(int node, int used) {
        return wholeNodes ? cores[node] : used;
    }

    /** Memory of a node that a job holds. */
    public long heldBytes(int node, int used, long bytesPerCore) {
        return wholeNodes ? bytes[node] : used * bytesPerCore;
    }

    /** A job starts. */
    public void take(Assignment where, long bytesPerCore) {
        change(where, bytesPerCore, -1);
    }

    /** A job has ended. */
    public void give(Assignment where, long bytesPerCore) {
        change(where, bytesPerCore, 1);
    }

    private void change(Assignment where, long bytesPerCore, int sign) {
        for (int part = 0; part < where.parts(); part++) {
            int node = where.node(part);
            int used = where.cores(part);
            int before = watched(node);
            int held = sign * held(node, used);
            freeCores[node] += held;
            freeBytes[node] += sign * heldBytes(node, used, bytesPerCore);
            if (outages[node] > 0) {
                downCores += held;
            } else {
                freeTotal += held;
            }
            watchedCores += watched(node) - before;
            if (sign > 0) {
                firstFree = Math.min(firstFree, node);
            }
        }
    }

    private int watched(int node) {
        return watchedBytes < 0 ? 0 : usable(node, watchedBytes);
    }

    /** How many cores are free on which a job can have so much memory each. */
    public int usableTotal(long bytesPerCore) {
        if (watchedBytes != bytesPerCore) {
            watchedBytes = bytesPerCore;
            watchedCores = 0;
            for (int node = 0; node < cores.length; node++) {
                watchedCores += usable(node, bytesPerCore);
            }
        }
        return watchedCores;
    }

    /** Begins or ends an outage of a node. */
    public void down(int node, boolean down) {
        boolean was = outages[node] > 0;
        int before = watched(node);
        outages[node] += down ? 1 : -1;
        boolean is = outages[node] > 0;
        watchedCores += watched(node) - before;
        if (was != is) {
            int moved = is ? freeCores[node] : -freeCores[node];
            downNodes += is ? 1 : -1;
            downCores += moved;
            freeTotal -= moved;
        }
    }
}
