package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import org.jspecify.annotations.Nullable;

/** An offer of a node and what is free of it. It wakes when its expected lifetime gets shorter. */
final class OfferSlot extends Timed {
    final Node node;
    Offer offer;

    /** Its cores, without those that another offer of the node names too. */
    CpuSet cores = CpuSet.empty();

    /** Cores that no lease holds. */
    CpuSet free = CpuSet.empty();

    /** Memory that no lease holds. */
    long freeMemoryBytes;

    /** Where it stands in the index; null when it is not there. */
    OfferIndex.@Nullable Place place;

    OfferSlot(Node node, Offer offer) {
        this.node = node;
        this.offer = offer;
    }
}
