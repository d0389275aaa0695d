package io.offcut.core.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * A wish for workers, or for memory without any: then one lease without cores is granted. It stays
 * open until it is released: workers lost to a reclaim are granted again elsewhere when {@code
 * regrant} is set.
 *
 * @param bundle what {@link ResolvedFunction#resolve} takes, of which only the bundle counts; empty
 *     for memory
 * @param workers how many workers are wanted; they may lie on several nodes. 0: memory
 * @param minWorkers grant nothing before this many can be granted at once; 1 takes what there is; 0
 *     for memory
 * @param memoryBytesPerWorker memory ceiling of each worker, or the memory that is wanted, in bytes
 * @param payloadBytes largest input and largest result of one invocation, in bytes
 * @param ttlMillis a lease ends this long after its grant, and the wait for more this long after
 *     the request, unless it is renewed
 * @param queueMillis how long to wait when nothing is free; 0 refuses at once, a day is the most
 * @param hotTimeoutMicros how long an idle worker polls before it sleeps; −1 for ever, 0 never
 * @param preferredHostId the client's own host: workers there come first; empty for no wish
 * @param regrant whether lost workers are granted again
 * @param notOnNodes names of nodes that memory must not lie on: another copy of it does
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
        boolean regrant,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> notOnNodes) {
    public LeaseRequest {
        notOnNodes = List.copyOf(notOnNodes);
    }

    /** A wish for workers on any nodes. */
    public LeaseRequest(
            String bundle,
            int workers,
            int minWorkers,
            long memoryBytesPerWorker,
            int payloadBytes,
            long ttlMillis,
            long queueMillis,
            long hotTimeoutMicros,
            String preferredHostId,
            boolean regrant) {
        this(
                bundle,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                ttlMillis,
                queueMillis,
                hotTimeoutMicros,
                preferredHostId,
                regrant,
                List.of());
    }

    /** A wish for memory alone. It is not granted again: what was in it is lost. */
    public static LeaseRequest ofMemory(
            long bytes,
            long ttlMillis,
            long queueMillis,
            String preferredHostId,
            List<String> notOnNodes) {
        return new LeaseRequest(
                "", 0, 0, bytes, 0, ttlMillis, queueMillis, 0, preferredHostId, false, notOnNodes);
    }

    /** Whether memory is wanted and no worker. */
    public boolean memoryOnly() {
        return workers == 0;
    }
}
