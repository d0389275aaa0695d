package io.offcut.scheduler.brain;

import io.offcut.core.Offer;
import io.offcut.core.api.LeaseView;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One lease, from its grant until its cores are known to be free. It wakes at its next deadline.
 *
 * <p>An {@link LeaseState#ENDED} lease that is still attached to its node is a <em>ghost</em>: over
 * for its user and accounted for, but the node may run it, so its cores are not granted again.
 */
final class Lease extends Timed {
    /** {@link #activeIncarnation} of a lease that no daemon was seen to run. */
    static final long NEVER_OPENED = Long.MIN_VALUE;

    final Node node;

    /** Null for a ghost whose grant this core does not know. */
    final @Nullable Request request;

    /** A lease of memory only counts as one, against quota and fairness too. */
    final int workers;

    final long grantedAtMillis;
    LeaseTerms terms;
    LeaseState state;
    @Nullable EndReason reason;
    LeaseUsage usage = LeaseUsage.NONE;

    /** When the client's own time is over; the expiry may be earlier, to stay within the offer. */
    long ttlEndsAtMillis;

    /** Expected end of its offer. */
    long offerUntilMillis = Offer.UNKNOWN_UNTIL;

    /** The daemon that last said it runs it. */
    long activeIncarnation = NEVER_OPENED;

    /** Leases of a node in the order in which they were opened; those never opened come last. */
    long openedOrder = Long.MAX_VALUE;

    /** When the node was last told to end it. */
    long endSentAtMillis = Long.MIN_VALUE / 2;

    long endedAtMillis;

    Lease(
            Node node,
            @Nullable Request request,
            LeaseTerms terms,
            LeaseState state,
            long grantedAtMillis) {
        this.node = node;
        this.request = request;
        this.terms = terms;
        this.state = state;
        this.grantedAtMillis = grantedAtMillis;
        this.workers = terms.memoryOnly() ? 1 : terms.cores().size();
        this.ttlEndsAtMillis = terms.expiresAtEpochMillis();
    }

    /** Whether its client may use it. */
    boolean live() {
        return state == LeaseState.GRANTED || state == LeaseState.ACTIVE;
    }

    /** Whether the node's present daemon was seen to run it. */
    boolean openedByPresentDaemon() {
        return activeIncarnation == node.incarnation;
    }

    long deadlineMillis() {
        return Math.min(terms.expiresAtEpochMillis(), offerUntilMillis);
    }

    /** Totals only grow, whatever order reports arrive in. */
    void merge(LeaseUsage other) {
        usage = usage.max(other);
    }

    LeaseView view() {
        return new LeaseView(
                terms.leaseId(),
                terms.requestId(),
                terms.user(),
                node.name,
                node.url(),
                terms.cores(),
                terms.memoryBytes(),
                state,
                state == LeaseState.ENDED ? reason : null,
                deadlineMillis(),
                usage,
                null,
                List.of());
    }
}
