package io.offcut.core.lease;

import org.jspecify.annotations.Nullable;

/**
 * What a node says of one lease it runs or ran.
 *
 * @param terms as the node knows them, with the present expiry
 * @param state {@link LeaseState#ACTIVE}, {@link LeaseState#ENDED}, or {@link LeaseState#REVOKING}
 *     when the node ends it because it no longer fits what is offered
 * @param endReason set exactly when the state is {@code ENDED}
 * @param usage what the lease has used so far
 */
public record LeaseReport(
        LeaseTerms terms, LeaseState state, @Nullable EndReason endReason, LeaseUsage usage) {
    public LeaseReport {
        if ((state == LeaseState.ENDED) != (endReason != null)) {
            throw new IllegalArgumentException(
                    "lease " + terms.leaseId() + " reported " + state + " with end " + endReason);
        }
    }
}
