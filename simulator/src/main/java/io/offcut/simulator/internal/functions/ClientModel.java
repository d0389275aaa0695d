package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.EndReason;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.function.Consumer;

/** Those who ask for workers. Events for the scheduling core go to a mailbox. For one thread. */
interface ClientModel {
    /** Where a client puts its wishes. */
    interface Mailbox extends Consumer<BrainEvent> {}

    /** Before anything else. */
    void start(long nowMillis);

    /** The time of {@link FunctionTimers#ARRIVAL} came. */
    void arrival(long nowMillis);

    /** A lease of this client runs. */
    void opened(long nowMillis, OpenLease lease);

    /** The time of {@link FunctionTimers#DONE} came for a lease that may be over. */
    void done(long nowMillis, long leaseNumber);

    /** A lease is over. */
    void closed(long nowMillis, OpenLease lease, EndReason reason);

    /** A request is over. */
    void requestEnded(String requestId);
}
