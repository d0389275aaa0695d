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
 * @param function the bundle, in the answer to the one who asked for workers; otherwise null
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
        @Nullable FunctionView function,
        List<LeaseView> leases) {
    public RequestView {
        leases = List.copyOf(leases);
    }

    /** The same with the leases as their owner sees them. */
    public RequestView withLeases(List<LeaseView> newLeases) {
        return new RequestView(
                requestId,
                user,
                bundle,
                version,
                workers,
                pendingWorkers,
                endReason,
                function,
                newLeases);
    }

    /** The same for the one who asked. */
    public RequestView withFunction(@Nullable FunctionView newFunction) {
        return new RequestView(
                requestId,
                user,
                bundle,
                version,
                workers,
                pendingWorkers,
                endReason,
                newFunction,
                leases);
    }
}
