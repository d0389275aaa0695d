package io.offcut.simulator.internal.cluster;

import java.util.Arrays;

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

    /** Grows node by node. For one thread, for one assignment. */
    public static final class Builder {
        private int[] nodes = new int[4];
        private int[] cores = new int[4];
        private int parts;

        /** The job is to compute on so many cores of a node that it is not on yet. */
        public void add(int node, int used) {
            if (parts == nodes.length) {
                nodes = Arrays.copyOf(nodes, parts * 2);
                cores = Arrays.copyOf(cores, parts * 2);
            }
            nodes[parts] = node;
            cores[parts++] = used;
        }

        public Assignment build() {
            return new Assignment(Arrays.copyOf(nodes, parts), Arrays.copyOf(cores, parts));
        }
    }
}
