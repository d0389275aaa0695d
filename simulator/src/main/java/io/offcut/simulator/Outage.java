package io.offcut.simulator;

/**
 * A node that takes no jobs for a while. The batch system does not foresee it.
 *
 * @param node its number, from 0
 * @param fromSeconds of the log
 * @param toSeconds of the log; the node takes jobs again from then on
 * @param kind what becomes of the jobs that are on it
 */
public record Outage(int node, long fromSeconds, long toSeconds, Kind kind) {
    /** No outage begins or ends later, or as much before 0: far from overflow. */
    public static final long LAST_SECONDS = Long.MAX_VALUE / 2_000;

    public Outage {
        if (node < 0
                || fromSeconds >= toSeconds
                || fromSeconds < -LAST_SECONDS
                || toSeconds > LAST_SECONDS) {
            throw new IllegalArgumentException(
                    "an outage needs a node and an end behind its beginning; got node "
                            + node
                            + " from "
                            + fromSeconds
                            + " to "
                            + toSeconds
                            + " s");
        }
    }

    /** What becomes of the jobs of the node. */
    public enum Kind {
        /** They run to their end. */
        DRAIN,
        /** They are killed, and wait again in the place they had in the queue. */
        FAIL,
        /** They are killed and lost. */
        LOSE
    }
}
