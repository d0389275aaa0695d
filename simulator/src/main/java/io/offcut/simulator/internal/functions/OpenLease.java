package io.offcut.simulator.internal.functions;

import io.offcut.core.lease.LeaseTerms;

/**
 * A lease that runs on a node.
 *
 * @param number counted from 0
 * @param readyMillis end of its start-up
 * @param lostBeforeMicros what functions had lost on the node when it was opened
 */
record OpenLease(
        long number,
        LeaseTerms terms,
        int node,
        long openedMillis,
        long readyMillis,
        long lostBeforeMicros) {
    int cores() {
        return terms.cores().size();
    }
}
