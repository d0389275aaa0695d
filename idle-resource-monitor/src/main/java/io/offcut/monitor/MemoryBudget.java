package io.offcut.monitor;

import io.offcut.monitor.Allocations.JobShare;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How much memory there is to offer, so that jobs and functions together never need more than is
 * physically there.
 *
 * <p>Page cache is counted once: the kernel's available memory has it, so a job's has not, and what
 * a job may still take is what it was promised without what it holds beside the cache (Linux,
 * Documentation/filesystems/proc.rst, "MemAvailable"; admin-guide/cgroup-v1/memory.rst, "stat
 * file": tmpfs is on the anonymous lists).
 *
 * @param unallocatedBytes for cores that no job holds, as what is available swings
 * @param unallocatedBoundBytes and at most
 * @param forJobsBytes for all offers of jobs' unused memory together
 * @param lendable what each job that shares may lend
 */
record MemoryBudget(
        long unallocatedBytes,
        long unallocatedBoundBytes,
        long forJobsBytes,
        Map<String, Long> lendable) {

    static MemoryBudget of(
            MonitorConfig config,
            NodeSample sample,
            List<JobShare> jobs,
            Map<String, JobWatch> watches) {
        boolean tracked =
                sample.allocations() instanceof Allocations.Known known && known.memoryBytes() > 0;
        long limit = config.memoryLimitBytes() > 0 ? config.memoryLimitBytes() : Long.MAX_VALUE;
        long present =
                sample.memoryAvailableBytes()
                        + sample.ownMemoryBytes()
                        - config.reserveMemoryBytes();
        long free = present - jobs.stream().mapToLong(MemoryBudget::promisedBytes).sum();
        long unpromised = tracked ? unpromisedBytes(sample.allocations()) : Long.MAX_VALUE;
        long unallocated = free;
        long freeIfLent = free;
        Map<String, Long> lendable = new HashMap<>();
        for (JobShare job : jobs) {
            JobWatch watch = watches.get(job.jobId());
            if (watch == null || !job.policy().shared()) {
                continue;
            }
            if (job.memoryBytes() > 0) {
                long lent = watch.spareBytes(job);
                lendable.put(job.jobId(), lent);
                freeIfLent += promisedBytes(job) - stillTakes(job, job.memoryBytes() - lent);
            } else if (watch.knowsMemory()) {
                // Nobody says how much of the node's memory is this job's: as much as of its cores.
                long slice =
                        (long)
                                ((double) Math.max(0, free)
                                        * job.cores().size()
                                        / Math.max(1, sample.cores().size()));
                long growth = stillTakes(job, watch.keptBytes());
                lendable.put(
                        job.jobId(),
                        Math.min(Math.max(0, slice - growth), job.policy().maxMemoryBytes()));
                unallocated -= slice;
                freeIfLent -= growth;
            }
        }
        long bound = Math.min(unpromised, limit);
        long forUnallocated = Math.max(0, Math.min(unallocated, bound));
        return new MemoryBudget(
                unallocated,
                bound,
                Math.max(0, Math.min(freeIfLent, limit) - forUnallocated),
                lendable);
    }

    /** What a job was promised and has not taken. */
    private static long promisedBytes(JobShare job) {
        return stillTakes(job, job.memoryBytes());
    }

    private static long stillTakes(JobShare job, long bytes) {
        return Math.max(0, bytes - Math.max(0, job.use().heldBytes()));
    }

    private static long unpromisedBytes(Allocations allocations) {
        return allocations instanceof Allocations.Known known
                ? known.memoryBytes() - known.jobs().stream().mapToLong(JobShare::memoryBytes).sum()
                : Long.MAX_VALUE;
    }

    /** What is lent of this job, its own amount followed. */
    long lent(JobShare job, SteadyBytes amount, long leftBytes) {
        long most = lendable.getOrDefault(job.jobId(), 0L);
        return job.memoryBytes() > 0
                ? amount.follow(leftBytes, most)
                : amount.follow(Math.min(leftBytes, most), Long.MAX_VALUE);
    }
}
