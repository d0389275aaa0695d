package io.offcut.client;

import io.offcut.core.frame.InvocationStatus;

/**
 * How often an idempotent invocation is tried before its failure is reported.
 *
 * @param lostAttempts tries that may end because the worker went away: revoked, expired, busy,
 *     disconnected
 * @param crashedAttempts tries that may end because the executor died while it ran this invocation;
 *     fewer, since the input may well be what kills it
 */
public record RetryPolicy(int lostAttempts, int crashedAttempts) {
    /**
     * A hundred tries, for a worker that a job takes back says nothing of the call; three of them
     * crashes.
     */
    public static final RetryPolicy DEFAULT = new RetryPolicy(100, 3);

    /** Every failure is reported at once. */
    public static final RetryPolicy NEVER = new RetryPolicy(1, 1);

    public RetryPolicy {
        if (lostAttempts < 1 || crashedAttempts < 1) {
            throw new IllegalArgumentException(
                    "at least one attempt is needed, not "
                            + lostAttempts
                            + " and "
                            + crashedAttempts);
        }
    }

    /** Whether an invocation that just ended so may be tried again. */
    boolean allows(InvocationStatus status, int lost, int crashed) {
        return status.retryable() && lost < lostAttempts && crashed < crashedAttempts;
    }
}
