package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.LeaseTerms;

/**
 * A lease that runs on a node.
 *
 * @param number counted from 0
 * @param readyMillis end of its start-up
 */
record OpenLease(long number, LeaseTerms terms, long openedMillis, long readyMillis) {
    int cores() {
        return terms.cores().size();
    }

    /** Time in which it did work, if it ends now. */
    long usefulMillis(long nowMillis) {
        return Math.max(0, nowMillis - readyMillis);
    }
}
