package io.offcut.node;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.node.internal.executor.ExecutorHost;
import io.offcut.node.internal.lease.HeldLease;
import org.jspecify.annotations.Nullable;

/** From what the daemon knows of leases to what it shows. */
final class NodeViews {
    private NodeViews() {}

    static NodeStatus.Lease of(HeldLease lease, ExecutorHost.@Nullable Seen seen, long nowMillis) {
        return new NodeStatus.Lease(
                lease.leaseId(),
                lease.terms().user(),
                LeaseState.ACTIVE,
                lease.phase().name(),
                lease.ending(),
                lease.terms().expiresAtEpochMillis(),
                lease.generation(),
                seen == null ? 0 : seen.pid(),
                lease.terms().cores(),
                seen == null ? CpuSet.empty() : seen.realCores(),
                lease.terms().memoryBytes(),
                seen == null ? -1 : seen.usedMemoryBytes(),
                lease.usage(nowMillis));
    }

    static NodeStatus.Lease of(LeaseReport over) {
        return new NodeStatus.Lease(
                over.terms().leaseId(),
                over.terms().user(),
                LeaseState.ENDED,
                LeaseState.ENDED.name(),
                over.endReason(),
                over.terms().expiresAtEpochMillis(),
                0,
                0,
                over.terms().cores(),
                CpuSet.empty(),
                over.terms().memoryBytes(),
                -1,
                over.usage());
    }
}
