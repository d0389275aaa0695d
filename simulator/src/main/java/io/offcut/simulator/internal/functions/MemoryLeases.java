package io.offcut.simulator.internal.functions;

import io.offcut.simulator.EndedLease;
import io.offcut.simulator.LeaseLog;
import java.util.function.LongSupplier;

/**
 * Leases of memory on nodes without an idle core, at most one on each: it has all that is free
 * there, in pieces of a worker, and ends if that moves. For one thread.
 */
final class MemoryLeases {
    private final long pieceBytes;
    private final FunctionCounts counts;
    private final LongSupplier numbers;
    private final LeaseLog log;

    /** By node; 0 for no lease. */
    private final long[] bytes;

    private final long[] sinceMillis;
    private final long[] lease;

    /**
     * @param numbers of leases, with cores or without
     */
    MemoryLeases(HarvesterContext context, FunctionCounts counts, LongSupplier numbers) {
        int nodes = context.config().memoryLeases() ? context.nodes().size() : 0;
        this.pieceBytes = Math.max(1, context.config().memoryBytesPerWorker());
        this.counts = counts;
        this.numbers = numbers;
        this.log = context.leaseLog();
        this.bytes = new long[nodes];
        this.sinceMillis = new long[nodes];
        this.lease = new long[nodes];
    }

    /** So much is free for a lease from now on; only where there are such leases. */
    void free(long nowMillis, int node, long freeBytes) {
        long wanted = freeBytes / pieceBytes * pieceBytes;
        if (wanted == bytes[node]) {
            return;
        }
        boolean less = wanted < bytes[node];
        counts.memoryReclaims += less ? 1 : 0;
        end(nowMillis, node, less ? "reclaimed" : "released");
        if (wanted > 0) {
            counts.memoryLeases++;
            lease[node] = numbers.getAsLong();
            bytes[node] = wanted;
            sinceMillis[node] = nowMillis;
        }
    }

    /** What is still leased is counted up to now. */
    void finish(long nowMillis, int node) {
        if (bytes.length > 0) {
            end(nowMillis, node, "open");
        }
    }

    private void end(long nowMillis, int node, String reason) {
        if (bytes[node] > 0) {
            counts.memoryOnly.add(bytes[node], nowMillis - sinceMillis[node]);
            log.ended(
                    new EndedLease(
                            lease[node],
                            "memory",
                            node,
                            sinceMillis[node],
                            nowMillis,
                            0,
                            bytes[node],
                            reason));
            bytes[node] = 0;
        }
    }
}
