package io.offcut.core.lease;

/** Why a lease or a request for workers ended. */
public enum EndReason {
    /** The client gave it back. */
    RELEASED(false),
    /** Its time was over and nobody renewed it. */
    EXPIRED(false),
    /** A batch job wanted the cores or the memory, or the offer shrank. */
    RECLAIMED(true),
    /** The node is being drained. */
    DRAINED(true),
    /** The node stopped answering. */
    NODE_LOST(true),
    /** The node refused the lease: its offer had changed since. */
    REFUSED(true),
    /** An operator ended it. */
    REVOKED(false),
    /** Its executor failed too often. */
    EXECUTOR_FAILED(false),
    /** The request waited longer than it wanted to. */
    QUEUE_TIMEOUT(false),
    /** The request can never be met: over a quota, or larger than any node. */
    IMPOSSIBLE(false),
    /** The queue is full. */
    QUEUE_FULL(false);

    private final boolean regrantable;

    EndReason(boolean regrantable) {
        this.regrantable = regrantable;
    }

    /** Whether a request that asked for it is served again elsewhere after this end. */
    public boolean regrantable() {
        return regrantable;
    }
}
