package io.offcut.scheduler;

import io.offcut.bundle.BundleLimits;
import io.offcut.core.api.NodeView;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.Brain;
import io.offcut.scheduler.brain.Placements;
import io.offcut.scheduler.idle.IdleDesk;
import io.offcut.scheduler.internal.BrainLoop;
import io.offcut.scheduler.internal.CommandRunner;
import io.offcut.scheduler.internal.JobDesk;
import io.offcut.scheduler.internal.LeaseDesk;
import io.offcut.scheduler.internal.Metrics;
import io.offcut.scheduler.internal.NodeDesk;
import io.offcut.scheduler.internal.Tokens;
import io.offcut.scheduler.internal.http.Access;
import io.offcut.scheduler.internal.http.HttpFront;
import io.offcut.scheduler.internal.link.NodeLinks;
import io.offcut.scheduler.internal.state.Accounting;
import io.offcut.scheduler.internal.state.Drains;
import io.offcut.scheduler.internal.state.FunctionCatalog;
import io.offcut.scheduler.internal.state.IdleTimesFile;
import io.offcut.scheduler.internal.state.SigningKey;
import io.offcut.scheduler.internal.state.StateFolder;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running scheduler: the core on its own thread, HTTP API and node links on one port, functions,
 * accounting and key in its state folder. What nodes run is learnt from the nodes after a restart.
 *
 * <p>Safe for any thread.
 */
public final class SchedulerServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SchedulerServer.class);

    private final URI uri;
    private final NodeDesk nodes;
    private final IdleDesk idle;
    private final HttpFront http;
    private final Closing closing;

    private SchedulerServer(
            URI uri, NodeDesk nodes, IdleDesk idle, HttpFront http, Closing closing) {
        this.uri = uri;
        this.nodes = nodes;
        this.idle = idle;
        this.http = http;
        this.closing = closing;
    }

    /**
     * Starts a scheduler and returns when it listens.
     *
     * @throws io.offcut.core.OffcutException in one line, for example {@code CONFLICT} if the port
     *     or the state folder is in use; then nothing is left running
     */
    public static SchedulerServer start(SchedulerConfig config) {
        Closing closing = new Closing();
        try {
            SchedulerServer server = assemble(config, closing);
            LOG.info("scheduler listens at {}, state in {}", server.uri, config.stateDir());
            return server;
        } catch (RuntimeException e) {
            closing.close();
            throw e;
        }
    }

    private static SchedulerServer assemble(SchedulerConfig config, Closing closing) {
        Access access = Access.load(config.host(), config.tokensFile(), config.nodeSecretFile());
        StateFolder folder = closing.add(StateFolder.open(config.stateDir()));
        SigningKey key = SigningKey.loadOrCreate(folder);
        BundleLimits limits = BundleLimits.ofArchiveBytes(config.maxBundleBytes());
        FunctionCatalog functions =
                closing.add(FunctionCatalog.open(folder, limits, config.maxFunctionBytesPerUser()));
        Accounting accounting = closing.add(Accounting.open(folder));
        ExecutorService answers = Executors.newVirtualThreadPerTaskExecutor();
        closing.add(answers::shutdown);

        BrainLoop loop = closing.add(new BrainLoop(newBrain(config), answers));
        Tokens tokens = new Tokens(key.privateKey());
        Metrics metrics = new Metrics();
        NodeLinks links = new NodeLinks(loop, welcome(key, config));
        LeaseDesk leases = new LeaseDesk(loop, tokens, metrics, answers);
        NodeDesk nodes = new NodeDesk(loop, new Drains(folder));
        IdleTimesFile idleTimes = new IdleTimesFile(folder);
        IdleDesk idle =
                closing.add(
                        new IdleDesk(
                                loop::apply,
                                config.idleQuantile(),
                                idleTimes.load(),
                                idleTimes::save));
        loop.start(new CommandRunner(links, leases, tokens, accounting, metrics));

        HttpFront.Parts parts =
                new HttpFront.Parts(
                        loop,
                        leases,
                        new JobDesk(loop, leases),
                        nodes,
                        links,
                        functions,
                        accounting,
                        metrics,
                        access,
                        config.maxBundleBytes());
        HttpFront http = closing.add(HttpFront.start(config.host(), config.port(), parts, answers));
        closing.add(links::closeAll);
        return new SchedulerServer(uri(config.host(), http.port()), nodes, idle, http, closing);
    }

    private static Brain newBrain(SchedulerConfig config) {
        String epoch = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
        return Brain.create(config.brainConfig(), Placements.defaultPolicy(), epoch);
    }

    private static SchedulerMessage.Welcome welcome(SigningKey key, SchedulerConfig config) {
        return new SchedulerMessage.Welcome(List.of(key.publicKeyText()), config.heartbeatMillis());
    }

    private static URI uri(String host, int port) {
        String name = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
        return URI.create("http://" + (name.contains(":") ? "[" + name + "]" : name) + ":" + port);
    }

    /** Where it listens, for example {@code http://127.0.0.1:7070}. */
    public URI uri() {
        return uri;
    }

    /**
     * Takes a node out of service, also over restarts: nothing more is placed there and its leases
     * end. Blocks until the core has answered.
     *
     * @throws io.offcut.core.OffcutException {@code NOT_FOUND} if the node was never connected
     */
    public NodeView drain(String node, String reason) {
        return nodes.drain(node, reason);
    }

    /** Puts a node into service again. Blocks until the core has answered. */
    public NodeView resume(String node) {
        return nodes.resume(node);
    }

    /** Why nodes are out of service, by node; connected ones and others. */
    public Map<String, String> drained() {
        return nodes.drained();
    }

    /**
     * Tells of all nodes of the cluster, connected or not, what its own scheduler holds and plans:
     * offers and leases end when a node is expected to be used again. How long nodes stay idle is
     * learnt from it, over restarts. May block on the disk.
     */
    public void observed(List<NodeObservation> cluster) {
        idle.observed(cluster, System.currentTimeMillis());
    }

    /** Nobody can tell at present; what is planned counts until its times have passed. */
    public void unobserved() {
        idle.unobserved();
    }

    /** Every route: method and path template. */
    List<String> routeNames() {
        return http.routeNames();
    }

    /** Stops; invocations in flight go on, since they do not pass through here. */
    @Override
    public void close() {
        closing.close();
        LOG.info("scheduler stopped");
    }

    /** What to close, last opened first; one failure does not keep the rest open. */
    private static final class Closing {
        private final Deque<AutoCloseable> parts = new ArrayDeque<>();

        synchronized <T extends AutoCloseable> T add(T part) {
            parts.push(part);
            return part;
        }

        synchronized void close() {
            while (!parts.isEmpty()) {
                try {
                    parts.pop().close();
                } catch (Exception e) {
                    LOG.warn("while stopping: {}", e.toString());
                }
            }
        }
    }
}
