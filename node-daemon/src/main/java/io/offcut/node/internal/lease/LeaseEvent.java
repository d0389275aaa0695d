package io.offcut.node.internal.lease;

import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import java.util.List;

/** What can happen to the leases of a node. */
public sealed interface LeaseEvent {
    /** This is what the node can spare now; leases that no longer fit must go. */
    record OffersChanged(List<Offer> offers, EndReason reason) implements LeaseEvent {}

    /** A client shows a token with these terms; the signature is already verified. */
    record Open(LeaseTerms terms) implements LeaseEvent {}

    /** The scheduler granted these terms, and their client is on its way. */
    record Grant(LeaseTerms terms) implements LeaseEvent {}

    /** The executor of that generation serves. */
    record ExecutorReady(String leaseId, int generation) implements LeaseEvent {}

    /** The executor of that generation could not be started, or died. */
    record ExecutorDied(String leaseId, int generation) implements LeaseEvent {}

    /** End it: the client, the scheduler or an operator says so. */
    record End(String leaseId, EndReason reason) implements LeaseEvent {}

    /** The scheduler renewed it. */
    record Extend(String leaseId, long expiresAtMillis) implements LeaseEvent {}

    /** Nothing of a lease that was ending is left: its cores and memory are free. */
    record Evicted(String leaseId) implements LeaseEvent {}

    /** What the executor of that generation has used so far. */
    record Used(String leaseId, int generation, LeaseUsage usage) implements LeaseEvent {}

    /** Time passed. */
    record Tick() implements LeaseEvent {}
}
