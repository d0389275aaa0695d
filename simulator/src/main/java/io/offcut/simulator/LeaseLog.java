package io.offcut.simulator;

/** Told of every lease, or pilot, when it is over; in that order. */
@FunctionalInterface
public interface LeaseLog {
    /** Keeps nothing. */
    LeaseLog NONE = lease -> {};

    /** One lease. */
    void ended(EndedLease lease);
}
