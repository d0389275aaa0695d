package io.offcut.simulator.internal.cluster;

/** On which nodes a job is, and how many cores it computes on there. Immutable by convention. */
public record Assignment(int[] nodes, int[] cores) {
    public Assignment {
        if (nodes.length != cores.length) {
            throw new IllegalArgumentException(
                    nodes.length + " nodes and cores of " + cores.length);
        }
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
