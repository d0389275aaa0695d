package io.offcut.core.api;

/**
 * A wish for workers. It stays open until it is released: workers lost to a reclaim are granted
 * again elsewhere when {@code regrant} is set.
 *
 * @param bundle SHA-256 of the bundle, or its name
 * @param workers how many workers are wanted, at least 1; they may lie on several nodes
 * @param minWorkers grant nothing before this many can be granted at once; 1 takes what there is
 * @param memoryBytesPerWorker memory ceiling of each worker, in bytes
 * @param payloadBytes largest input and largest result of one invocation, in bytes
 * @param ttlMillis a lease ends this long after its grant, and the wait for more this long after
 *     the request, unless it is renewed
 * @param queueMillis how long to wait when nothing is free; 0 refuses at once, a day is the most
 * @param hotTimeoutMicros how long an idle worker polls before it sleeps; −1 for ever, 0 never
 * @param preferredHostId the client's own host: workers there come first; empty for no wish
 * @param regrant whether lost workers are granted again
 */
public record LeaseRequest(
        String bundle,
        int workers,
        int minWorkers,
        long memoryBytesPerWorker,
        int payloadBytes,
        long ttlMillis,
        long queueMillis,
        long hotTimeoutMicros,
        String preferredHostId,
        boolean regrant) {}
