package io.offcut.simulator.internal.functions;

import io.offcut.simulator.internal.cluster.Placement;

/** What uses the idle part of the machine, as the engine sees it. For one thread. */
public interface Harvester {
    /** Before anything else. Idleness counts from now. */
    void start(long nowMillis);

    /** A job took its nodes. */
    void jobStarted(long nowMillis, int job, Placement placement);

    /**
     * A job left its nodes. At one instant all leave before any start.
     *
     * @return on how many of its cores it did not compute, as far as that was offered
     */
    int jobEnded(long nowMillis, int job, Placement placement);

    /** An outage of a node begins or ends; several may overlap. Jobs may go on there. */
    void nodeDown(long nowMillis, int node, boolean begins);

    /** All jobs of this instant have moved. */
    void jobsMoved(long nowMillis);

    /** An event that was asked for. */
    void event(long nowMillis, int kind, long payload);

    /** When {@link #tick} is needed at the latest. */
    long nextDeadlineMillis();

    void tick(long nowMillis);

    /** The simulation is over. */
    FunctionCounts finish(long nowMillis);
}
