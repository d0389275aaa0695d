package io.offcut.core.api;

import io.offcut.core.IdleEnd;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node as the scheduler knows it.
 *
 * @param drainReason why nothing is placed there; null when it is in service
 * @param offers with the earliest end that anybody expects, not only the node
 * @param ends by offer id, why it is expected to end when it does; without those whose end nobody
 *     knows
 * @param leasedCores cores of its offers that leases hold
 */
public record NodeView(
        NodeDescriptor node,
        State state,
        @Nullable String drainReason,
        long heardMillisAgo,
        List<Offer> offers,
        Map<String, IdleEnd> ends,
        int leasedCores,
        long leasedMemoryBytes) {
    /** Whether the node can be used. */
    public enum State {
        UP,
        DRAINED,
        LOST
    }

    public NodeView {
        offers = List.copyOf(offers);
        ends = Map.copyOf(ends);
    }
}
