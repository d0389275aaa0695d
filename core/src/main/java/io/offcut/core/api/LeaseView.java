package io.offcut.core.api;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseUsage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One lease as its owner, or an operator, sees it.
 *
 * @param nodeUrl where to open it
 * @param usage so far, as its node last said
 * @param token what opens it; only for its owner, null for others
 * @param channels shared memory of each worker, in the answer to its owner's request for workers
 *     from the same host, otherwise none: then, and after one has ended, it is to be opened
 */
public record LeaseView(
        String leaseId,
        String requestId,
        String user,
        String nodeName,
        String nodeUrl,
        CpuSet cores,
        long memoryBytes,
        LeaseState state,
        @Nullable EndReason endReason,
        long expiresAtEpochMillis,
        LeaseUsage usage,
        @Nullable String token,
        List<ChannelDescriptor> channels) {
    public LeaseView {
        channels = List.copyOf(channels);
    }

    /** The same for its owner. */
    public LeaseView withAccess(@Nullable String newToken, List<ChannelDescriptor> newChannels) {
        return new LeaseView(
                leaseId,
                requestId,
                user,
                nodeName,
                nodeUrl,
                cores,
                memoryBytes,
                state,
                endReason,
                expiresAtEpochMillis,
                usage,
                newToken,
                newChannels);
    }
}
