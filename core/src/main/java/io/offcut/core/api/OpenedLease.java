package io.offcut.core.api;

import io.offcut.core.function.FunctionSpec;
import java.util.List;

/**
 * What a node daemon answers: one channel per worker, and the functions in the order of their
 * indices.
 *
 * @param executorGeneration grows each time the lease gets a new executor
 */
public record OpenedLease(
        String leaseId,
        int executorGeneration,
        long expiresAtEpochMillis,
        List<ChannelDescriptor> channels,
        List<FunctionSpec> functions) {
    public OpenedLease {
        channels = List.copyOf(channels);
        functions = List.copyOf(functions);
    }
}
