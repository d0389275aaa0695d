package io.offcut.client;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.api.LeaseRequest;
import io.offcut.core.frame.InvocationFrame;
import java.time.Duration;
import java.util.List;

/**
 * What workers a client wants. Immutable; each method gives a changed copy.
 *
 * <pre>{@code
 * LeaseOptions.of("gzip").workers(4).payloadBytes(8 << 20)
 * }</pre>
 *
 * @param function what will be called: {@code bundle/function}, {@code bundle} or {@code function};
 *     all functions of the bundle can be called
 * @param workers how many, at least 1
 * @param minWorkers none is granted before this many can be
 * @param memoryBytesPerWorker memory ceiling of each
 * @param payloadBytes largest input and largest result of one invocation
 * @param ttl a worker lives so long without a sign of this client
 * @param queue how long to wait when nothing is free before giving up
 * @param hotTimeoutMicros how long an idle worker polls before it sleeps; −1 for ever, 0 never
 * @param transports what may be used, the best first
 * @param retry for idempotent functions
 */
public record LeaseOptions(
        String function,
        int workers,
        int minWorkers,
        long memoryBytesPerWorker,
        int payloadBytes,
        Duration ttl,
        Duration queue,
        long hotTimeoutMicros,
        List<String> transports,
        RetryPolicy retry) {
    public LeaseOptions {
        if (workers < 1 || minWorkers < 1 || minWorkers > workers) {
            throw new IllegalArgumentException(
                    workers + " workers, at least " + minWorkers + " at once");
        }
        if (payloadBytes < 1 || payloadBytes > InvocationFrame.MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "a payload limit of "
                            + payloadBytes
                            + " bytes is not in 1.."
                            + InvocationFrame.MAX_PAYLOAD_BYTES);
        }
        if (memoryBytesPerWorker < 1 || ttl.toMillis() < 1 || queue.isNegative()) {
            throw new IllegalArgumentException(
                    "memory " + memoryBytesPerWorker + " bytes, ttl " + ttl + ", queue " + queue);
        }
        transports = List.copyOf(transports);
    }

    /** One worker, 256 MiB, 1 MiB payloads, a minute to live and to wait. */
    public static LeaseOptions of(String function) {
        return new LeaseOptions(
                function,
                1,
                1,
                256L << 20,
                1 << 20,
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                1_000,
                ChannelDescriptor.TRANSPORTS,
                RetryPolicy.DEFAULT);
    }

    public LeaseOptions workers(int count) {
        return new LeaseOptions(
                function,
                count,
                Math.min(minWorkers, count),
                memoryBytesPerWorker,
                payloadBytes,
                ttl,
                queue,
                hotTimeoutMicros,
                transports,
                retry);
    }

    public LeaseOptions minWorkers(int count) {
        return new LeaseOptions(
                function,
                workers,
                count,
                memoryBytesPerWorker,
                payloadBytes,
                ttl,
                queue,
                hotTimeoutMicros,
                transports,
                retry);
    }

    public LeaseOptions memoryBytesPerWorker(long bytes) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                bytes,
                payloadBytes,
                ttl,
                queue,
                hotTimeoutMicros,
                transports,
                retry);
    }

    public LeaseOptions payloadBytes(int bytes) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                bytes,
                ttl,
                queue,
                hotTimeoutMicros,
                transports,
                retry);
    }

    public LeaseOptions ttl(Duration time) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                time,
                queue,
                hotTimeoutMicros,
                transports,
                retry);
    }

    public LeaseOptions queue(Duration time) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                ttl,
                time,
                hotTimeoutMicros,
                transports,
                retry);
    }

    public LeaseOptions hotTimeoutMicros(long micros) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                ttl,
                queue,
                micros,
                transports,
                retry);
    }

    public LeaseOptions transports(List<String> names) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                ttl,
                queue,
                hotTimeoutMicros,
                names,
                retry);
    }

    public LeaseOptions retry(RetryPolicy policy) {
        return new LeaseOptions(
                function,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                ttl,
                queue,
                hotTimeoutMicros,
                transports,
                policy);
    }

    LeaseRequest toRequest(String bundle, String hostId) {
        return new LeaseRequest(
                bundle,
                workers,
                minWorkers,
                memoryBytesPerWorker,
                payloadBytes,
                ttl.toMillis(),
                queue.toMillis(),
                hotTimeoutMicros,
                hostId,
                true);
    }
}
