package io.offcut.cli;

import io.offcut.cli.JobDefaults.Variable;
import io.offcut.cli.output.Units;
import io.offcut.client.LeaseOptions;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What workers a command wants. */
final class LeaseFlags {
    private static final int PAYLOADS = 6;

    @Variable("OFFCUT_WORKERS")
    @Option(
            names = {"-n", "--workers"},
            paramLabel = "N",
            description =
                    "How many workers at most, over OFFCUT_WORKERS; fewer where a quota says so.")
    @Nullable Integer workers;

    @Variable("OFFCUT_WORKER_MEMORY")
    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = Quantities.Bytes.class,
            description = "Memory of each worker, over OFFCUT_WORKER_MEMORY. Default: 256M.")
    @Nullable Long memoryBytes;

    @Option(
            names = "--payload",
            paramLabel = "SIZE",
            converter = Quantities.Bytes.class,
            description = "Largest input and largest result, as 4M.")
    @Nullable Long payloadBytes;

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How long to wait when nothing is free. Default: 60s.")
    @Nullable Duration queue;

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            split = ",",
            description = "Only these: shm, verbs, tcp. Default: shm,verbs,tcp.")
    @Nullable List<String> transports;

    /** The options, with these defaults for what depends on the command. */
    LeaseOptions options(String function, int defaultWorkers, long defaultPayloadBytes) {
        if (workers != null && workers < 1) {
            throw new OffcutException(
                    ErrorCode.USAGE, "--workers (or OFFCUT_WORKERS) must be 1 or more");
        }
        LeaseOptions options = LeaseOptions.of(function);
        try {
            long payload = payloadBytes == null ? defaultPayloadBytes : payloadBytes;
            if (payload > InvocationFrame.MAX_PAYLOAD_BYTES) {
                throw new IllegalArgumentException(
                        "--payload " + Units.bytes(payload) + ": is over the limit of 1 GiB");
            }
            options =
                    options.workers(workers == null ? defaultWorkers : workers)
                            .payloadBytes((int) payload);
            // Inputs and results lie in the worker's memory, of which they get half.
            long memory = Math.max(options.memoryBytesPerWorker(), PAYLOADS * payload);
            options = options.memoryBytesPerWorker(memoryBytes == null ? memory : memoryBytes);
            if (queue != null) {
                options = options.queue(queue);
            }
            return transports == null ? options : options.transports(known(transports));
        } catch (IllegalArgumentException e) {
            throw new OffcutException(ErrorCode.USAGE, "lease: " + e.getMessage(), e);
        }
    }

    private static List<String> known(List<String> names) {
        for (String name : names) {
            if (!ChannelDescriptor.TRANSPORTS.contains(name)) {
                throw new OffcutException(
                        ErrorCode.USAGE, "transport " + name + ": unknown: use shm, verbs or tcp");
            }
        }
        return names;
    }
}
