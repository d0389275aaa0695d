package io.offcut.client;

import java.util.List;

/**
 * What came of {@link WorkerPool#offload}.
 *
 * @param results one for each input, in that order; the caller's own arrays
 * @param local tasks whose result was computed by this program
 * @param remote tasks whose result came from a worker; with local, all
 * @param takenBack of the local ones, how many had been handed over and were computed again
 */
public record OffloadSummary(List<byte[]> results, long local, long remote, long takenBack) {
    public OffloadSummary {
        results = List.copyOf(results);
    }
}
