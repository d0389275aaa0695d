package io.offcut.simulator;

/** Told of every lease, or pilot, when it is over; in that order. */
@FunctionalInterface
public interface LeaseLog {
    /** Keeps nothing. */
    LeaseLog NONE = (lease, user, node, start, end, cores, memory, reason) -> {};

    /**
     * One lease.
     *
     * @param lease counted from 0 in the order of opening
     * @param user who held it
     * @param node counted from 0
     * @param cores 0 for a lease of memory only
     * @param reason why it ended, in small letters; {@code open} when the simulation ended first
     */
    void ended(
            long lease,
            String user,
            int node,
            long startMillis,
            long endMillis,
            int cores,
            long memoryBytes,
            String reason);
}
