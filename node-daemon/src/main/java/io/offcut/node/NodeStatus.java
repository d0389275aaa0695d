package io.offcut.node;

import io.offcut.core.CpuSet;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseUsage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The node as its daemon sees it at this moment: the body of {@code GET /v1/node}.
 *
 * @param schedulerConnected whether the link to the scheduler stands
 * @param guard why functions stand still, or are not offered cores, for the sake of a job beside
 *     them
 * @param jobs the batch jobs on this node
 * @param missing what this daemon may not or cannot do on this machine
 */
public record NodeStatus(
        NodeDescriptor node,
        boolean schedulerConnected,
        List<String> missing,
        List<String> guard,
        List<Job> jobs,
        List<Offer> offers,
        List<Lease> leases) {
    public NodeStatus {
        missing = List.copyOf(missing);
        guard = List.copyOf(guard);
        jobs = List.copyOf(jobs);
        offers = List.copyOf(offers);
        leases = List.copyOf(leases);
    }

    /**
     * A batch job, as far as this daemon has heard of it.
     *
     * @param evidence {@code EXPECTED} while only its prolog has spoken, {@code ASSUMED} when it
     *     must be taken to hold everything, else {@code TOLD}
     * @param cores logical CPUs it holds, or will likely hold
     * @param memoryBytes 0 when Slurm does not track memory
     * @param shared whether functions may use what it leaves idle
     * @param steps that run now
     */
    public record Job(
            String jobId,
            String evidence,
            CpuSet cores,
            long memoryBytes,
            boolean shared,
            List<String> steps) {
        public Job {
            steps = List.copyOf(steps);
        }
    }

    /**
     * One lease: the body of {@code GET /v1/leases/{id}} too.
     *
     * @param phase {@code STARTING, RUNNING, DOWN, ENDING} or {@code ENDED}
     * @param endReason set when it has ended or is ending
     * @param generation of its executor; 0 when it never had one
     * @param pid of its executor; 0 when there is none
     * @param cores logical CPUs it holds
     * @param realCores real CPUs its executor is pinned to
     * @param memoryBytes ceiling it was granted
     * @param usedMemoryBytes working set of its executor; −1 when not known
     */
    public record Lease(
            String leaseId,
            String user,
            LeaseState state,
            String phase,
            @Nullable EndReason endReason,
            long expiresAtEpochMillis,
            int generation,
            long pid,
            CpuSet cores,
            CpuSet realCores,
            long memoryBytes,
            long usedMemoryBytes,
            LeaseUsage usage) {}
}
