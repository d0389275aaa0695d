package io.offcut.scheduler.brain;

import io.offcut.core.api.LeaseRequest;
import java.util.List;

/** A request for workers, written for tests: what is not said is a sensible default. */
record Wish(
        int workers,
        int minWorkers,
        long memoryBytes,
        long ttlMillis,
        long queueMillis,
        String hostId,
        boolean regrant) {
    static final String BUNDLE = "ab".repeat(32);

    static Wish of(int workers) {
        return new Wish(workers, 1, BrainFixture.GIB, 60_000, 30_000, "", false);
    }

    Wish atLeast(int min) {
        return new Wish(workers, min, memoryBytes, ttlMillis, queueMillis, hostId, regrant);
    }

    Wish memory(long bytes) {
        return new Wish(workers, minWorkers, bytes, ttlMillis, queueMillis, hostId, regrant);
    }

    Wish ttl(long millis) {
        return new Wish(workers, minWorkers, memoryBytes, millis, queueMillis, hostId, regrant);
    }

    Wish queue(long millis) {
        return new Wish(workers, minWorkers, memoryBytes, ttlMillis, millis, hostId, regrant);
    }

    Wish near(String host) {
        return new Wish(workers, minWorkers, memoryBytes, ttlMillis, queueMillis, host, regrant);
    }

    Wish regranted() {
        return new Wish(workers, minWorkers, memoryBytes, ttlMillis, queueMillis, hostId, true);
    }

    /** Memory alone. */
    static Wish ofMemory(long bytes) {
        return new Wish(0, 0, bytes, 60_000, 30_000, "", false);
    }

    LeaseRequest request() {
        if (workers == 0 && minWorkers == 0) {
            return LeaseRequest.ofMemory(memoryBytes, ttlMillis, queueMillis, hostId, List.of());
        }
        return new LeaseRequest(
                BUNDLE,
                workers,
                minWorkers,
                memoryBytes,
                4096,
                ttlMillis,
                queueMillis,
                0,
                hostId,
                regrant);
    }
}
