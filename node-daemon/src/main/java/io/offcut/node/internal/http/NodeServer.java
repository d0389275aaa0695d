package io.offcut.node.internal.http;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ErrorBody;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The HTTP server of one daemon. */
public final class NodeServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 1024;
    private static final long IDLE_MILLIS = 60_000;

    private final Server server;
    private final ServerConnector connector;

    private NodeServer(Server server, ServerConnector connector) {
        this.server = server;
        this.connector = connector;
    }

    /**
     * Binds the port; {@link #serve} begins to answer. Blocks shortly.
     *
     * @throws OffcutException {@link ErrorCode#CONFLICT} when the port is in use
     */
    public static NodeServer bind(String host, int port) {
        QueuedThreadPool threads = new QueuedThreadPool(16, 4);
        threads.setName("node-http");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(
                VirtualThreads.getNamedVirtualThreadsExecutor("node-http-"));
        Server server = new Server(threads);
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        ServerConnector connector =
                new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
        connector.setHost(host);
        connector.setPort(port);
        connector.setIdleTimeout(IDLE_MILLIS);
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
        server.setStopTimeout(0);
        server.setErrorHandler(NodeServer::writeError);
        try {
            connector.open();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "cannot listen on "
                            + host
                            + ":"
                            + port
                            + " ("
                            + (e.getCause() == null ? e : e.getCause()).getMessage()
                            + "); choose another with the keys host and port",
                    e);
        }
        return new NodeServer(server, connector);
    }

    /** Begins to answer. */
    public void serve(NodeApi api, CollectorRegistry metrics) {
        server.setHandler(new NodeHandler(api, metrics));
        try {
            server.start();
        } catch (Exception e) {
            throw new IllegalStateException("cannot start the HTTP server", e);
        }
    }

    /** The address it listens on. */
    public URI uri() {
        String host = connector.getHost();
        return URI.create(
                "http://"
                        + (host.contains(":") ? "[" + host + "]" : host)
                        + ":"
                        + connector.getLocalPort());
    }

    /** Answers no more. Blocks for a bounded time. */
    @Override
    public void close() {
        try {
            server.stop();
            connector.close();
        } catch (Exception e) {
            throw new IllegalStateException("cannot stop the HTTP server", e);
        }
    }

    // What Jetty itself refuses, a malformed request line for example, looks like all else.
    private static boolean writeError(Request request, Response response, Callback callback) {
        ErrorCode code =
                switch (response.getStatus()) {
                    case 404 -> ErrorCode.NOT_FOUND;
                    case 413, 431 -> ErrorCode.TOO_LARGE;
                    case 500 -> ErrorCode.INTERNAL;
                    default -> ErrorCode.INVALID_INPUT;
                };
        ErrorBody body = new ErrorBody(code, "the request is not one this daemon understands");
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.write(
                true,
                ByteBuffer.wrap(
                        ("{\"error\":\""
                                        + body.error()
                                        + "\",\"message\":\""
                                        + body.message()
                                        + "\"}")
                                .getBytes(StandardCharsets.US_ASCII)),
                callback);
        return true;
    }
}
