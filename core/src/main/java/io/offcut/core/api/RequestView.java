package io.offcut.core.api;

import io.offcut.core.lease.EndReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request for workers as it stands.
 *
 * @param version grows with every change; a client waits for the next one
 * @param pendingWorkers wanted and not granted yet
 * @param endReason set when the request is over
 * @param leases granted to it, the newest last; ended ones are shown for a while
 */
public record RequestView(
        String requestId,
        String user,
        String bundle,
        long version,
        int workers,
        int pendingWorkers,
        @Nullable EndReason endReason,
        List<LeaseView> leases) {
    public RequestView {
        leases = List.copyOf(leases);
    }
}
