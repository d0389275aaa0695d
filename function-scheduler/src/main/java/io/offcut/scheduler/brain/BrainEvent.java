package io.offcut.scheduler.brain;

import io.offcut.core.IdleEnd;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.link.NodeMessage;
import java.util.List;

/** What can happen to the scheduling core. Times are the argument that comes with the event. */
public sealed interface BrainEvent {
    /**
     * A node said something.
     *
     * @param nodeName as authenticated by the link
     * @param incarnation of the daemon that said it: messages of an older one are dropped
     */
    record FromNode(String nodeName, long incarnation, NodeMessage message) implements BrainEvent {}

    /**
     * The connection of a node broke. The node keeps its leases until it is silent for the node
     * time-out.
     */
    record LinkLost(String nodeName, long incarnation) implements BrainEvent {}

    /** The cluster's own scheduler, or an operator, takes a node out of service. */
    record NodeDrained(String nodeName, String reason) implements BrainEvent {}

    /** The node may be used again. */
    record NodeResumed(String nodeName) implements BrainEvent {}

    /**
     * When a node's idle cores are expected to be wanted again: everything that is known of it now,
     * instead of what was said before. Nodes that are not connected yet may be spoken of.
     */
    record IdleEndsExpected(String nodeName, List<IdleEnd> ends) implements BrainEvent {
        public IdleEndsExpected {
            ends = List.copyOf(ends);
        }
    }

    /**
     * A client wants workers.
     *
     * @param requestId new, chosen by the caller
     */
    record WorkersRequested(String requestId, String user, LeaseRequest request)
            implements BrainEvent {}

    /** The client is alive: its wait and its leases go on for another ttl. */
    record RequestRenewed(String requestId) implements BrainEvent {}

    /** The client gives everything of a request back and waits no longer. */
    record RequestReleased(String requestId) implements BrainEvent {}

    /** The client gives one lease back and wants no other for it. */
    record LeaseReleased(String leaseId) implements BrainEvent {}

    /** An operator ends a lease. */
    record LeaseRevoked(String leaseId) implements BrainEvent {}

    /** Time passed. Needed at the latest at {@link Brain#nextDeadlineMillis()}. */
    record Tick() implements BrainEvent {}
}
