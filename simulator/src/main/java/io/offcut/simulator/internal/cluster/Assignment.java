package io.offcut.simulator.internal.cluster;

import java.util.Arrays;

/** On which nodes a job is, and how many cores it computes on there. Immutable. */
public final class Assignment {
    private final int[] nodes;
    private final int[] cores;

    private Assignment(int[] nodes, int[] cores) {
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

    /** Cores it computes on of a node, by its number; 0 for none. */
    public int coresOn(int node) {
        for (int part = 0; part < nodes.length; part++) {
            if (nodes[part] == node) {
                return cores[part];
            }
        }
        return 0;
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
