package io.offcut.scheduler.internal.http;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.internal.BrainLoop;
import io.offcut.scheduler.internal.JobDesk;
import io.offcut.scheduler.internal.LeaseDesk;
import io.offcut.scheduler.internal.Metrics;
import io.offcut.scheduler.internal.NodeDesk;
import io.offcut.scheduler.internal.link.NodeLinks;
import io.offcut.scheduler.internal.state.Accounting;
import io.offcut.scheduler.internal.state.FunctionCatalog;
import java.io.IOException;
import java.net.BindException;
import java.net.SocketException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;

/** The HTTP server: one port for clients, operators, monitoring and node links. */
public final class HttpFront implements AutoCloseable {
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_THREADS = 64;
    private static final long IDLE_MILLIS = 30_000;
    private static final long MAX_LINK_MESSAGE_BYTES = 4L << 20;

    /** What the routes work on. */
    public record Parts(
            BrainLoop loop,
            LeaseDesk leases,
            JobDesk jobs,
            NodeDesk nodes,
            NodeLinks links,
            FunctionCatalog functions,
            Accounting accounting,
            Metrics metrics,
            Access access,
            long maxBundleBytes) {}

    private final Server server;
    private final ServerConnector connector;
    private final List<Route> routes;

    private HttpFront(Server server, ServerConnector connector, List<Route> routes) {
        this.server = server;
        this.connector = connector;
        this.routes = routes;
    }

    /**
     * Binds and serves.
     *
     * @param answers runs what follows when the core has answered
     * @throws OffcutException {@code CONFLICT} if the port is in use
     */
    public static HttpFront start(String host, int port, Parts parts, Executor answers) {
        QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS);
        threads.setName("http");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(answers);
        Server server = new Server(threads);
        ServerConnector connector =
                new ServerConnector(server, new HttpConnectionFactory(configuration()));
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.setErrorHandler(new Failures());
        ServerWebSocketContainer webSockets = ServerWebSocketContainer.ensure(server);
        webSockets.setMaxTextMessageSize(MAX_LINK_MESSAGE_BYTES);
        webSockets.setIdleTimeout(Duration.ofMillis(IDLE_MILLIS));
        List<Route> routes = table(parts, webSockets);
        server.setHandler(new Router(routes, parts.access(), parts.metrics(), answers));
        HttpFront front = new HttpFront(server, connector, routes);
        front.open(host, port);
        return front;
    }

    private static HttpConfiguration configuration() {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setRequestHeaderSize(MAX_HEADER_BYTES);
        configuration.setSendServerVersion(false);
        return configuration;
    }

    private static List<Route> table(Parts parts, ServerWebSocketContainer webSockets) {
        return Route.table(
                new LeaseRoutes(parts.leases(), parts.jobs(), parts.functions()).routes(),
                new JobRoutes(parts.jobs(), parts.functions()).routes(),
                new FunctionRoutes(parts.functions(), parts.loop(), parts.maxBundleBytes())
                        .routes(),
                new NodeRoutes(parts.loop(), parts.nodes(), parts.links(), webSockets).routes(),
                new InfoRoutes(parts.loop(), parts.accounting(), parts.metrics(), parts.links())
                        .routes());
    }

    private void open(String host, int port) {
        try {
            connector.open();
            server.start();
        } catch (IOException | UnresolvedAddressException e) {
            throw cannotListen(host, port, e);
        } catch (Exception e) {
            throw new IllegalStateException("the HTTP server does not start", e);
        }
    }

    private static OffcutException cannotListen(String host, int port, Exception e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String said = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        if (cause instanceof BindException && said.contains("in use")) {
            return new OffcutException(
                    ErrorCode.CONFLICT,
                    "port "
                            + port
                            + " of "
                            + host
                            + " is in use; stop the other process or set another port");
        }
        if (cause instanceof SocketException && said.contains("permission denied")) {
            return new OffcutException(
                    ErrorCode.FORBIDDEN,
                    "no permission to listen on port " + port + "; set a port above 1023");
        }
        return new OffcutException(
                ErrorCode.USAGE,
                "cannot listen on "
                        + host
                        + ":"
                        + port
                        + "; set host to an address of this machine",
                e);
    }

    /** The port it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** The table, for its comparison with the description: method and path template. */
    public List<String> routeNames() {
        return routes.stream().map(route -> route.method() + " " + route.template()).toList();
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the HTTP server does not stop", e);
        }
    }
}
