package io.offcut.client;

import io.offcut.core.api.ChannelDescriptor;
import java.time.Duration;
import java.util.List;

/**
 * What memory is wanted.
 *
 * <pre>{@code
 * MemoryOptions.of(1L << 30).mirrored(true)
 * }</pre>
 *
 * @param bytes how much, at least 1
 * @param mirrored whether a second node holds a copy, so that the loss of one loses nothing
 * @param ttl it stays so long without a sign of this client
 * @param queue how long to wait when none is free before giving up
 * @param operationTimeout an operation of which nothing was heard for so long ends as {@code
 *     UNREACHABLE}, and the memory with it
 * @param transports what may be used, the best first
 */
public record MemoryOptions(
        long bytes,
        boolean mirrored,
        Duration ttl,
        Duration queue,
        Duration operationTimeout,
        List<String> transports) {
    public MemoryOptions {
        if (bytes < 1
                || ttl.toMillis() < 1
                || queue.isNegative()
                || operationTimeout.toMillis() < 1) {
            throw new IllegalArgumentException(
                    "memory of "
                            + bytes
                            + " bytes, ttl "
                            + ttl
                            + ", queue "
                            + queue
                            + ", operation time-out "
                            + operationTimeout);
        }
        transports = List.copyOf(transports);
    }

    /** Not mirrored, a minute to live and to wait, ten seconds for an operation. */
    public static MemoryOptions of(long bytes) {
        return new MemoryOptions(
                bytes,
                false,
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                ChannelDescriptor.TRANSPORTS);
    }

    public MemoryOptions mirrored(boolean wanted) {
        return new MemoryOptions(bytes, wanted, ttl, queue, operationTimeout, transports);
    }

    public MemoryOptions ttl(Duration time) {
        return new MemoryOptions(bytes, mirrored, time, queue, operationTimeout, transports);
    }

    public MemoryOptions queue(Duration time) {
        return new MemoryOptions(bytes, mirrored, ttl, time, operationTimeout, transports);
    }

    public MemoryOptions operationTimeout(Duration time) {
        return new MemoryOptions(bytes, mirrored, ttl, queue, time, transports);
    }

    public MemoryOptions transports(List<String> names) {
        return new MemoryOptions(bytes, mirrored, ttl, queue, operationTimeout, names);
    }
}
