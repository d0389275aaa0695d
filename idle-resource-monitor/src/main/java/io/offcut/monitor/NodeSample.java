package io.offcut.monitor;

import io.offcut.core.CpuSet;

/**
 * One look at the node.
 *
 * @param cores logical CPUs that are there
 * @param foreignLoads busy fraction of each core since the sample before that our own executors did
 *     not cause; a core that is not judged keeps the standing it had
 * @param unjudgedCores logical CPUs whose load can never be told, because they share a real CPU
 * @param allocations what the batch system has given out, with what jobs use where that is known
 * @param memoryAvailableBytes what could be taken now without swapping
 * @param ownCores logical CPUs that our executors hold
 * @param ownMemoryBytes memory that our executors fill now and that is available when they end
 */
public record NodeSample(
        CpuSet cores,
        CoreLoads foreignLoads,
        CpuSet unjudgedCores,
        Allocations allocations,
        long memoryAvailableBytes,
        CpuSet ownCores,
        long ownMemoryBytes) {}
