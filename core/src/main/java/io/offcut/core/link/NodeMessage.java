package io.offcut.core.link;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.lease.LeaseReport;
import java.util.List;

/**
 * From a node to the scheduler. Messages of one incarnation carry the sequence 1, 2, 3, …; the
 * receiver drops what it has seen and asks for a snapshot when one is missing.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = NodeMessage.Snapshot.class, name = "snapshot"),
    @JsonSubTypes.Type(value = NodeMessage.Heartbeat.class, name = "heartbeat"),
    @JsonSubTypes.Type(value = NodeMessage.OffersChanged.class, name = "offersChanged"),
    @JsonSubTypes.Type(value = NodeMessage.LeaseChanged.class, name = "leaseChanged"),
    @JsonSubTypes.Type(value = NodeMessage.LeaseServed.class, name = "leaseServed"),
})
public sealed interface NodeMessage {
    /** Version of this protocol; a scheduler refuses another. */
    int PROTOCOL_VERSION = 2;

    /** Position in the node's stream, from 1 for each incarnation. */
    long sequence();

    /**
     * Everything the scheduler needs to know of the node. What it does not name is gone.
     *
     * @param incarnation grows each time the daemon starts (milliseconds since the epoch will do)
     */
    record Snapshot(
            long sequence,
            int protocolVersion,
            long incarnation,
            NodeDescriptor node,
            List<Offer> offers,
            List<LeaseReport> leases)
            implements NodeMessage {
        public Snapshot {
            offers = List.copyOf(offers);
            leases = List.copyOf(leases);
        }
    }

    /** I am here, and nothing else changed. */
    record Heartbeat(long sequence) implements NodeMessage {}

    /** Offers that are new or different, and offers that are gone. */
    record OffersChanged(long sequence, List<Offer> changed, List<String> withdrawnOfferIds)
            implements NodeMessage {
        public OffersChanged {
            changed = List.copyOf(changed);
            withdrawnOfferIds = List.copyOf(withdrawnOfferIds);
        }
    }

    /** A lease was opened, has used more, or ended. */
    record LeaseChanged(long sequence, LeaseReport lease) implements NodeMessage {}

    /**
     * As {@link LeaseChanged}, of a lease whose client waits to hear of it.
     *
     * @param channels of shared memory, perhaps before a worker serves them: opening one waits for
     *     it. None: the client is to open the lease with its token, which says why
     */
    record LeaseServed(long sequence, LeaseReport lease, List<ChannelDescriptor> channels)
            implements NodeMessage {
        public LeaseServed {
            channels = List.copyOf(channels);
        }
    }
}
