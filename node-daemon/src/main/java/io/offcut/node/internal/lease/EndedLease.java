package io.offcut.node.internal.lease;

import io.offcut.core.lease.LeaseReport;

/**
 * A lease that is over.
 *
 * @param forgetAtMillis when no token of it can be valid any longer
 */
public record EndedLease(LeaseReport report, long endedAtMillis, long forgetAtMillis) {
    String leaseId() {
        return report.terms().leaseId();
    }
}
