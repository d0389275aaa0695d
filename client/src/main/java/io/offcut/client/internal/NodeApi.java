package io.offcut.client.internal;

import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;

/** What a client asks of a node daemon. */
@FunctionalInterface
public interface NodeApi {
    /**
     * Opens a lease on its node, or asks again for its channels. Blocks.
     *
     * @throws io.offcut.core.OffcutException if the node cannot be reached or refuses
     */
    OpenedLease open(String nodeUrl, String leaseId, OpenLeaseRequest request);
}
