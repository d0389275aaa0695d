package io.offcut.core;

/**
 * When idle cores of a node are expected to be wanted again, and how that is known.
 *
 * @param atEpochMillis milliseconds since the epoch
 * @param name of the job or reservation; empty where there is none
 */
public record IdleEnd(long atEpochMillis, Why why, String name) {
    /** How it is known. */
    public enum Why {
        /** The cluster's own scheduler means to start this job there then. */
        PLAN,
        /** The node is reserved from then on. */
        RESERVATION,
        /** So long such nodes have mostly stayed idle. */
        HISTORY,
        /** The node itself says so with its offer. */
        NODE
    }

    /**
     * Whether it ends this offer too. A pending job waits for cores that no job holds; what a
     * running job leaves unused does not concern it.
     */
    public boolean ends(Offer.Reason reason) {
        return switch (why) {
            case PLAN, HISTORY -> reason == Offer.Reason.UNALLOCATED;
            case RESERVATION, NODE -> true;
        };
    }
}
