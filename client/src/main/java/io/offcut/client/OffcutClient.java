package io.offcut.client;

import io.offcut.client.internal.HttpJson;
import io.offcut.client.internal.HttpNodeApi;
import io.offcut.client.internal.HttpSchedulerApi;
import io.offcut.client.internal.NodeApi;
import io.offcut.client.internal.SchedulerApi;
import io.offcut.core.OffcutException;
import io.offcut.core.api.FunctionView;
import io.offcut.core.api.NodeView;
import io.offcut.core.api.RequestView;
import io.offcut.core.api.ResolvedFunction;
import io.offcut.core.api.UsageView;
import io.offcut.executor.Channels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A client of one scheduler.
 *
 * <pre>{@code
 * try (OffcutClient client = OffcutClient.connect(ClientConfig.fromEnvironment());
 *         WorkerPool workers = client.lease(LeaseOptions.of("gzip").workers(4))) {
 *     byte[] packed = workers.invoke(text).orThrow();
 * }
 * }</pre>
 *
 * <p>Nothing is sent before the first call. Each call blocks for one exchange and throws {@link
 * OffcutException} when the scheduler cannot be reached or refuses. Safe for use by any thread.
 */
public final class OffcutClient implements AutoCloseable {
    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(60);

    private static final long OPEN_PAUSE_MILLIS = 50;

    private final ClientConfig config;
    private final HttpJson http;
    private final SchedulerApi scheduler;
    private final NodeApi nodes;
    private final ChannelOpener channels;
    private final MemoryOpener memories;
    private final String hostId;

    private OffcutClient(ClientConfig config) {
        this.config = config;
        this.http = new HttpJson(Duration.ofMillis(config.connectTimeoutMillis()));
        this.scheduler =
                new HttpSchedulerApi(
                        http,
                        config.schedulerUri(),
                        config.bearerToken(),
                        config.userName(),
                        config.job(),
                        Duration.ofMillis(config.requestTimeoutMillis()));
        this.nodes = new HttpNodeApi(http, OPEN_TIMEOUT);
        Duration connect = Duration.ofMillis(config.connectTimeoutMillis());
        this.channels = descriptor -> Channels.open(descriptor, connect);
        this.memories = descriptor -> Channels.openMemory(descriptor, connect);
        this.hostId = Channels.hostId();
    }

    /**
     * A client with this configuration.
     *
     * @throws OffcutException if its address is none or its token file cannot be read
     */
    public static OffcutClient connect(ClientConfig config) {
        return new OffcutClient(config);
    }

    /**
     * Stores a bundle on the scheduler.
     *
     * @param archive file of the bundle's zip archive
     */
    public FunctionView push(Path archive) {
        return scheduler.push(archive);
    }

    /** The bundles on the scheduler. */
    public List<FunctionView> functions() {
        return scheduler.functions();
    }

    /**
     * Removes a bundle.
     *
     * @param bundle its name or SHA-256
     */
    public void removeFunction(String bundle) {
        scheduler.removeFunction(bundle);
    }

    /** What a reference to a function means at this moment ({@link ResolvedFunction#resolve}). */
    public ResolvedFunction resolve(String reference) {
        return ResolvedFunction.resolve(reference, functions(), config.userName());
    }

    /** The nodes the scheduler knows. */
    public List<NodeView> nodes() {
        return scheduler.nodes();
    }

    /** The requests for workers that may be seen by this user. */
    public List<RequestView> requests() {
        return scheduler.requests();
    }

    /** Ends a request for workers and its leases. */
    public void release(String requestId) {
        scheduler.release(requestId);
    }

    /** Ends one lease of a request. */
    public void release(String requestId, String leaseId) {
        scheduler.release(requestId, leaseId);
    }

    /** What each user has used. */
    public List<UsageView> usage() {
        return scheduler.usage();
    }

    /**
     * Asks for workers. Returns once the scheduler has taken the wish; calls wait for the workers,
     * and so does {@link WorkerPool#awaitWorkers}.
     *
     * @throws OffcutException also when the wish can never be met
     */
    public WorkerPool lease(LeaseOptions options) {
        return new WorkerPool(
                scheduler,
                nodes,
                channels,
                options,
                hostId,
                new Timing(config.spinMicros() * 1_000, OPEN_PAUSE_MILLIS));
    }

    /**
     * Gets memory of a node that nobody uses, or of two when it is mirrored. Blocks until it is
     * there, at most for as long as the options say.
     *
     * @throws OffcutException if it is not to be had
     */
    public RemoteMemory allocate(MemoryOptions options) {
        return RemoteMemory.allocate(
                new MemoryLease.Site(scheduler, nodes, memories, hostId), options);
    }

    /** Ends the client's connections. Pools and memory are closed by themselves, before. */
    @Override
    public void close() {
        http.close();
    }
}
