package io.offcut.simulator;

/**
 * A lease, or pilot, that is over.
 *
 * @param lease counted from 0 in the order of opening
 * @param user who held it
 * @param node counted from 0
 * @param cores 0 for a lease of memory only
 * @param reason why it ended, in small letters; {@code open} when the simulation ended first
 */
public record EndedLease(
        long lease,
        String user,
        int node,
        long startMillis,
        long endMillis,
        int cores,
        long memoryBytes,
        String reason) {}
