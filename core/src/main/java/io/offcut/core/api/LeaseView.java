package io.offcut.core.api;

import io.offcut.core.CpuSet;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseUsage;
import org.jspecify.annotations.Nullable;

/**
 * One lease as its owner, or an operator, sees it.
 *
 * @param nodeUrl where to open it
 * @param usage so far, as its node last said
 * @param token what opens it; only for its owner, null for others
 */
public record LeaseView(
        String leaseId,
        String requestId,
        String user,
        String nodeName,
        String nodeUrl,
        CpuSet cores,
        long memoryBytes,
        LeaseState state,
        @Nullable EndReason endReason,
        long expiresAtEpochMillis,
        LeaseUsage usage,
        @Nullable String token) {}
