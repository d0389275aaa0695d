package io.offcut.node.internal.executor;

import io.offcut.node.NodeConfig;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Which executors may wait for a lease, parked and kept: those that are wanted and have room in
 * memory that is offered and that no lease has. With memory to spare they cost nothing else; when
 * it gets short they are the first to go. Methods return at once. Safe for use by any thread.
 */
final class ParkingRoom {
    private static final long REFILL_MILLIS = 500;

    private final NodeConfig config;
    private final ExecutorArchive archive;
    private final ParkedExecutors parked;
    private final KeptExecutors kept;
    private final Executor workers;
    private volatile long unleasedBytes;
    private volatile boolean closed;

    /**
     * @param archive is made before the first of them starts
     * @param workers for what takes time
     */
    ParkingRoom(
            NodeConfig config,
            ExecutorArchive archive,
            ParkedExecutors parked,
            KeptExecutors kept,
            Executor workers) {
        this.config = config;
        this.archive = archive;
        this.parked = parked;
        this.kept = kept;
        this.workers = workers;
    }

    /** So much is offered now that no lease has. Those that have no room any more end at once. */
    void offered(long unleasedBytes) {
        this.unleasedBytes = unleasedBytes;
        workers.execute(this::park);
    }

    /** The same when it is leases that took some or left it: one that begins may want one. */
    void leased(long unleasedBytes) {
        if (this.unleasedBytes != unleasedBytes) {
            this.unleasedBytes = unleasedBytes;
            refillLater();
        }
    }

    /** Not at once: the executor that just got its lease may have the same core. */
    void refillLater() {
        CompletableFuture.delayedExecutor(REFILL_MILLIS, TimeUnit.MILLISECONDS, workers)
                .execute(this::park);
    }

    private void park() {
        // Those are of use to one user only: the others have their room first.
        kept.fit(unleasedBytes - count() * config.executorOverheadBytes());
        if (unleasedBytes > 0 && !closed) {
            archive.require();
        }
        parked.want(this::count);
    }

    private int count() {
        long room = closed ? 0 : unleasedBytes / config.executorOverheadBytes();
        return Math.clamp(room, 0, config.prewarmedExecutors());
    }

    /** Ends all. Blocks for a bounded time. */
    void close() {
        closed = true;
        archive.close();
        kept.close();
        parked.close();
    }
}
