package io.offcut.node.internal.lease;

import io.offcut.core.ErrorCode;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseTerms;

/** What is to be done, in order. */
public sealed interface LeaseAction {
    /** The answer to {@link LeaseEvent.Open}: exactly one comes for each, as the last action. */
    sealed interface Answer extends LeaseAction {}

    /** No, and why, in one line. */
    record Refuse(ErrorCode code, String message) implements Answer {}

    /** Answer with the channels of this executor, as soon as it serves. */
    record Serve(String leaseId, int generation) implements Answer {}

    /** Leases that hold these cores are just ending: ask again in a moment. */
    record Later(String message) implements Answer {}

    /** Start an executor. */
    record Start(LeaseTerms terms, int generation) implements LeaseAction {}

    /** Stop its executor from running at this very moment; {@link Evict} follows. */
    record Freeze(String leaseId) implements LeaseAction {}

    /** Tell its clients why, remove its executor and all it left, then report it evicted. */
    record Evict(String leaseId, EndReason reason) implements LeaseAction {}

    /** Tell the scheduler. */
    record Report(LeaseReport report) implements LeaseAction {}

    /** Write it down: it must survive this process. */
    record Keep(HeldLease lease) implements LeaseAction {}

    /** It need not be kept any longer; the list of ended leases is to be written down. */
    record Forget(String leaseId) implements LeaseAction {}
}
