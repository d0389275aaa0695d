package io.offcut.core.lease;

/**
 * The life of a lease. A lease only moves forward:
 *
 * <pre>
 *   GRANTED ──client opens it on the node──▶ ACTIVE ──▶ REVOKING ──▶ ENDED
 *      └───────────────────────────────────────┴──────────────────────▲
 * </pre>
 *
 * A request that waits has no lease yet; renewal moves the expiry and not the state.
 */
public enum LeaseState {
    /** The scheduler gave it; no client has opened it on its node yet. */
    GRANTED,
    /** The node runs an executor for it. */
    ACTIVE,
    /** The scheduler told the node to end it and waits for the node's word. */
    REVOKING,
    /** Over. Its cores and memory are free again. */
    ENDED
}
