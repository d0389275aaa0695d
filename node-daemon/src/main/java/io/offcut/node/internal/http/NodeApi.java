package io.offcut.node.internal.http;

import io.offcut.core.OffcutException;
import io.offcut.core.api.OpenLeaseRequest;
import io.offcut.core.api.OpenedLease;
import io.offcut.node.NodeStatus;

/** What can be asked of the daemon. Safe for use by any thread; may block for a bounded time. */
public interface NodeApi {
    /**
     * Opens a lease, or opens it again. Waits for the executor to serve.
     *
     * @throws OffcutException when it is refused
     */
    OpenedLease open(String leaseId, OpenLeaseRequest request);

    /**
     * Ends a lease for its client; returns when it is over or ending.
     *
     * @throws OffcutException when the token is not one for this lease
     */
    void release(String leaseId, String token);

    /**
     * One lease.
     *
     * @throws OffcutException {@code NOT_FOUND} when the node knows nothing of it
     */
    NodeStatus.Lease lease(String leaseId);

    /** All that the node is and does now. */
    NodeStatus status();
}
