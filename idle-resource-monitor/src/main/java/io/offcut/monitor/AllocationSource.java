package io.offcut.monitor;

/** Where the sampler learns what the batch system has given out. */
@FunctionalInterface
public interface AllocationSource {
    /** Nodes without a batch system. */
    AllocationSource NONE = Allocations.NoBatchSystem::new;

    /**
     * The newest that is known. Called for each sample, from the sampling thread; answers from
     * memory and never blocks. A source whose knowledge is too old to rely on says {@link
     * Allocations.Unknown}.
     */
    Allocations current();
}
