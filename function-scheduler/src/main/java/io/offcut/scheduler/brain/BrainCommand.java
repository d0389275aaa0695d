package io.offcut.scheduler.brain;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.SchedulerMessage;
import java.util.List;

/** What the scheduling core wants done. The caller carries commands out in their order. */
public sealed interface BrainCommand {
    /**
     * Send this to the node, if it is connected. What is lost is said again: until the node answers
     * an {@code EndLease} with a report that the lease ended, and when it reports an old expiry.
     */
    record ToNode(String nodeName, SchedulerMessage message) implements BrainCommand {}

    /**
     * A lease was granted: sign the terms for the client.
     *
     * @param onClientsHost on the host that the client prefers because it is there
     */
    record Granted(LeaseTerms terms, boolean onClientsHost) implements BrainCommand {}

    /** A lease's node says how its client, which waits for that, reaches the workers. */
    record Served(String requestId, String leaseId, List<ChannelDescriptor> channels)
            implements BrainCommand {}

    /** A lease moved its expiry: sign the new terms. */
    record Renewed(LeaseTerms terms) implements BrainCommand {}

    /**
     * A lease is over: account for it. Its node has ended it, or is lost. Comes exactly once for
     * each lease.
     *
     * @param grantedAtMillis when it was granted
     * @param endedAtMillis now
     */
    record LeaseEnded(
            LeaseTerms terms,
            EndReason reason,
            long grantedAtMillis,
            long endedAtMillis,
            LeaseUsage usage)
            implements BrainCommand {}

    /**
     * A request is over: nothing more is granted to it. Comes exactly once for each request, and
     * before the {@link LeaseEnded} of leases that its node has still to end.
     *
     * @param explanation one line for its user
     */
    record RequestEnded(String requestId, String user, EndReason reason, String explanation)
            implements BrainCommand {}

    /** A request looks different now: wake those who wait for it. */
    record RequestChanged(String requestId) implements BrainCommand {}
}
