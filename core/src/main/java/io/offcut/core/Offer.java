package io.offcut.core;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * An idle piece of one node, advertised: these cores and this much memory, why they are free, and
 * until when.
 *
 * <p>The offers of one node never share a core. An offer is what may be leased: the part already
 * leased stays inside it, and when a node withdraws or shrinks an offer the leases that no longer
 * fit end.
 *
 * @param offerId unique on the node while the offer lives
 * @param cores logical CPU numbers of the node
 * @param memoryBytes memory that functions may fill, in bytes
 * @param reason why the piece is idle
 * @param untilEpochMillis expected end of idleness, milliseconds since the epoch; {@link
 *     #UNKNOWN_UNTIL} when nothing is known
 * @param gpus indices of GPUs that are idle with it; left out when there are none. They are shown
 *     and not leased
 */
public record Offer(
        String offerId,
        CpuSet cores,
        long memoryBytes,
        Reason reason,
        long untilEpochMillis,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) CpuSet gpus) {
    /** No estimate of the end: the offer stays until it is withdrawn. */
    public static final long UNKNOWN_UNTIL = Long.MAX_VALUE;

    /** Why a piece of a node is idle. */
    public enum Reason {
        /** No job holds it. */
        UNALLOCATED,
        /** A job holds it and leaves it unused. */
        UNDERUSED
    }

    public Offer {
        gpus = gpus == null ? CpuSet.empty() : gpus;
        if (offerId.isBlank()) {
            throw new IllegalArgumentException("offer without an id");
        }
        if (memoryBytes < 0) {
            throw new IllegalArgumentException(
                    "offer " + offerId + " of " + memoryBytes + " bytes");
        }
    }

    /** The same with another expected end. */
    public Offer withUntil(long otherEpochMillis) {
        return new Offer(offerId, cores, memoryBytes, reason, otherEpochMillis, gpus);
    }

    /** Without GPUs. */
    public Offer(
            String offerId, CpuSet cores, long memoryBytes, Reason reason, long untilEpochMillis) {
        this(offerId, cores, memoryBytes, reason, untilEpochMillis, CpuSet.empty());
    }

    /** The same of these cores. */
    public Offer withCores(CpuSet newCores) {
        return new Offer(offerId, newCores, memoryBytes, reason, untilEpochMillis, gpus);
    }
}
