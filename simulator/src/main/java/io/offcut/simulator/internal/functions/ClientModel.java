package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.function.Consumer;

/** Those who ask for workers. Events for the scheduling core go to a mailbox. For one thread. */
interface ClientModel {
    /** Where a client puts its wishes. */
    interface Mailbox extends Consumer<BrainEvent> {}

    /** Before anything else. */
    void start(long nowMillis);

    /** A time that it asked for has come. */
    default void event(long nowMillis, int kind, long payload) {
        throw new IllegalStateException("event of kind " + kind);
    }

    /** A batch job started on so many cores. */
    default void jobStarted(long nowMillis, int job, int cores) {}

    /** A batch job is over. */
    default void jobEnded(long nowMillis, int job) {}

    /** A lease of this client runs. */
    default void opened(long nowMillis, OpenLease lease) {}

    /** A lease was granted, and its node would not have it. */
    default void refused(long nowMillis, LeaseTerms terms) {}

    /** A lease is over. */
    default void closed(long nowMillis, OpenLease lease, EndReason reason) {}

    /** A request may have less to wait for. */
    default void requestChanged(long nowMillis, String requestId) {}

    /** A request is over. */
    default void requestEnded(long nowMillis, String requestId) {}

    /** All that happened at once has been told: what follows from it may be asked for. */
    default void settle(long nowMillis) {}

    /** The simulation is over. */
    default void finish(long nowMillis) {}

    /** Whether jobs slow what leases compute; else the client counts that, or nothing slows it. */
    default boolean isSlowed() {
        return false;
    }

    /** Whether every lease computes from its start to its end; else the client counts what did. */
    default boolean computesAlways() {
        return true;
    }
}
