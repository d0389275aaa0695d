package io.offcut.simulator.internal.cluster;

/** On which nodes a job is, and how many cores it computes on there. Immutable. */
public final class Assignment {
    private final int[] nodes;
    private final int[] cores;

    /** Of two arrays of one length, which are the assignment's from now on. */
    Assignment(int[] nodes, int[] cores) {
        this.nodes = nodes;
        this.cores = cores;
    }

    /** How many nodes it is on. */
    public int parts() {
        return nodes.length;
    }

    /** Number of one of its nodes. */
    public int node(int part) {
        return nodes[part];
    }

    /** Cores it computes on there. */
    public int cores(int part) {
        return cores[part];
    }

    /** Whether the job computes on this node. */
    public boolean isOn(int node) {
        for (int other : nodes) {
            if (other == node) {
                return true;
            }
        }
        return false;
    }
}
