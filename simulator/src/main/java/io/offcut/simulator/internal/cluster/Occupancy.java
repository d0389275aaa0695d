package io.offcut.simulator.internal.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What jobs hold of the machine. For one thread. */
public interface Occupancy {
    /**
     * Places a job on as many of {@code cores} as there are: some recorded schedules hold more than
     * the machine has.
     *
     * @param where null where the scheduler does not say
     */
    void place(int job, int cores, @Nullable Assignment where);

    /** Cores of a job that no other can have. */
    int coresHeld(int job);

    /** Cores a job computes on. */
    int coresUsed(int job);

    /** Takes a job off. */
    void remove(int job);

    /** Begins or ends an outage of a node. */
    void down(int node, boolean down);

    /** Cores on which jobs compute. */
    int usedCores();

    /** The nodes whose cores changed since the last call, in ascending order. */
    List<Node> takeChanged();
}
