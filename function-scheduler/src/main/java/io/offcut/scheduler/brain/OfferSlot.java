package io.offcut.scheduler.brain;

import io.offcut.core.CpuSet;
import io.offcut.core.IdleEnd;
import io.offcut.core.Offer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An offer of a node and what is free of it. It wakes when its expected lifetime gets shorter, and
 * when an end that was expected is no longer believed in.
 */
final class OfferSlot extends Timed {
    final Node node;

    /** As the node said it. */
    Offer told;

    /** The same with the earliest end that anybody expects. */
    Offer offer;

    /** Why it ends when it does; null when nobody knows. */
    @Nullable IdleEnd end;

    /** Its cores, without those that another offer of the node names too. */
    CpuSet cores = CpuSet.empty();

    /** Cores that no lease holds. */
    CpuSet free = CpuSet.empty();

    /** Memory that no lease holds. */
    long freeMemoryBytes;

    /** Where it stands in the index; null when it is not there. */
    OfferIndex.@Nullable Place place;

    /** The same while it has no free core, and stands apart. */
    OfferIndex.@Nullable Place corelessPlace;

    OfferSlot(Node node, Offer offer) {
        this.node = node;
        this.told = offer;
        this.offer = offer;
    }

    /** Takes the earliest of what the node said and what others expect of it. */
    void expectEnd(List<IdleEnd> others, long nowMillis) {
        IdleEnd first =
                told.untilEpochMillis() == Offer.UNKNOWN_UNTIL
                        ? null
                        : new IdleEnd(told.untilEpochMillis(), IdleEnd.Why.NODE, "");
        for (IdleEnd other : others) {
            if (other.ends(told.reason())
                    && Lifetimes.believedUntilMillis(other) > nowMillis
                    && (first == null || other.atEpochMillis() < first.atEpochMillis())) {
                first = other;
            }
        }
        end = first;
        offer =
                first == null || first.why() == IdleEnd.Why.NODE
                        ? told
                        : told.withUntil(first.atEpochMillis());
    }

    /** When its end, should it not have come, no longer counts; never for the node's own word. */
    long notBelievedAtMillis() {
        return end == null ? Timed.NEVER : Lifetimes.believedUntilMillis(end);
    }
}
