package io.offcut.simulator.internal.cluster;

import java.util.List;

/** What jobs hold of the machine. For one thread. */
public interface Occupancy {
    /**
     * Places a job on as many of {@code cores} as there are: some recorded schedules hold more than
     * the machine has.
     *
     * @param memoryBytesPerCore −1 for its share of the node
     */
    Placement place(int cores, long memoryBytesPerCore);

    /** Takes a job off. */
    void remove(Placement placement, long nowMillis);

    /** Cores on which jobs compute. */
    int usedCores();

    /** The nodes whose cores changed since the last call, in ascending order. */
    List<Node> takeChanged();
}
