package io.offcut.executor;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.executor.internal.control.ControlLine;
import io.offcut.executor.internal.control.LineSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node daemon's end of its links to executors: a unix-domain socket that every executor of the
 * node connects to, and connects to again when the daemon was restarted. A new executor and one to
 * be adopted look the same here.
 *
 * <p>Only processes of permitted users are heard (SO_PEERCRED, unix(7)), and of those only who
 * shows the secret of the executor that it says it is. Executors of one user can still get at each
 * other's secrets in memory or /proc: only a user for each lease would part them for good.
 * Thread-safe. Each connection has a virtual thread of its own, from which the listener is called,
 * in the order of what the executor said; the listener must not block for long.
 */
public final class ExecutorControl implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorControl.class);
    private static final int MAX_CONNECTIONS = 4096;
    private static final int MAX_CHANNELS = 4096;
    private static final int MAX_PROBLEMS = 64;
    private static final long ACCEPT_PAUSE_NANOS = 100_000_000;

    /** What executors say. */
    public interface Listener {
        /**
         * Somebody says that he is this executor. Always the first call for it.
         *
         * @param secret what he shows
         * @return whether he is one that is wanted; if not he is told to end and not heard
         */
        boolean connected(String leaseId, int generation, long pid, String secret);

        /**
         * It serves its workers.
         *
         * @param channels how a client reaches the workers; with the tcp secret
         * @param problems one line for each confinement that could not be had; without control
         *     characters
         */
        void ready(
                String leaseId,
                int generation,
                List<ChannelDescriptor> channels,
                List<String> problems);

        /**
         * How much the executor has done; said when it has changed, about once a second.
         *
         * @param usage since the executor began, of which CPU and active time are not its to say;
         *     grows, and begins at 0 again with the next generation
         */
        void usage(String leaseId, int generation, LeaseUsage usage);

        /**
         * It did what {@link ExecutorControl#rest} asked: nothing of the lease is left in it but
         * what the functions left running.
         */
        void resting(String leaseId, int generation);

        /**
         * The connection is gone, and with it most likely the executor. Not called when a newer
         * connection for the lease had taken its place.
         */
        void disconnected(String leaseId, int generation);
    }

    private record Link(String leaseId, int generation, LineSocket lines) {}

    private final Path socket;
    private final ServerSocketChannel server;
    private final Listener listener;
    private final Predicate<String> permittedUser;
    private final Map<String, Link> links = new ConcurrentHashMap<>();
    private final Semaphore room = new Semaphore(MAX_CONNECTIONS);

    private ExecutorControl(
            Path socket,
            ServerSocketChannel server,
            Listener listener,
            Predicate<String> permittedUser) {
        this.socket = socket;
        this.server = server;
        this.listener = listener;
        this.permittedUser = permittedUser;
    }

    /**
     * Listens. The socket gets mode 0600, and only processes of the user who owns it are heard.
     *
     * @throws OffcutException {@code CONFLICT} if another daemon listens there, {@code USAGE} if
     *     the path cannot be a socket
     */
    public static ExecutorControl open(Path socket, Listener listener) {
        return open(socket, listener, "rw-------", user -> false);
    }

    /**
     * Listens.
     *
     * @param permissions of the socket, in the form {@code rw-rw-rw-}
     * @param permittedUser decides by name which users' processes are heard besides the socket's
     *     owner
     */
    public static ExecutorControl open(
            Path socket, Listener listener, String permissions, Predicate<String> permittedUser) {
        try {
            removeStale(socket);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                server.bind(UnixDomainSocketAddress.of(socket));
                Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString(permissions));
                String owner = Files.getOwner(socket, NOFOLLOW_LINKS).getName();
                ExecutorControl control =
                        new ExecutorControl(
                                socket,
                                server,
                                listener,
                                user -> user.equals(owner) || permittedUser.test(user));
                Thread.ofVirtual().name("control-accept").start(control::acceptAll);
                return control;
            } catch (IOException | RuntimeException e) {
                server.close();
                throw e;
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "cannot listen on the control socket "
                            + socket
                            + ": "
                            + e.getMessage()
                            + "; choose a shorter path in a writable directory",
                    e);
        }
    }

    public Path socket() {
        return socket;
    }

    /**
     * Tells the lease's executor to answer everything outstanding with this status and to exit.
     *
     * @return false when none is connected, or it did not take the line
     */
    public boolean end(String leaseId, InvocationStatus status) {
        return say(links.get(leaseId), new ControlLine.End(status));
    }

    /**
     * Tells the lease's executor to answer everything outstanding with this status and to rest with
     * what it has loaded, see {@link Listener#resting}. It exits where a function still runs.
     *
     * @return false when none is connected, or it did not take the line
     */
    public boolean rest(String leaseId, InvocationStatus status) {
        return say(links.get(leaseId), new ControlLine.Rest(status));
    }

    /**
     * Gives an executor that rests its next lease, which must be of the same bundle, user and
     * scratch folder.
     *
     * @param leaseId the lease that it had
     * @return false when it is not connected, or did not take the line
     */
    public boolean next(String leaseId, Path specFile) {
        return say(links.remove(leaseId), new ControlLine.Lease(specFile.toString()));
    }

    private static boolean say(@Nullable Link link, ControlLine line) {
        try {
            if (link != null) {
                link.lines.write(line);
            }
            return link != null;
        } catch (IOException e) {
            return false;
        }
    }

    /** Stops listening and drops the connections; the executors live on for their orphan time. */
    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.warn("cannot remove the control socket {}: {}", socket, e.getMessage());
        }
        for (Link link : links.values()) {
            link.lines.close();
        }
    }

    /** A socket file that nobody listens on is what a killed daemon leaves. */
    private static void removeStale(Path socket) throws IOException {
        if (!Files.exists(socket, NOFOLLOW_LINKS)) {
            return;
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            Files.deleteIfExists(socket);
            return;
        }
        throw new OffcutException(
                ErrorCode.CONFLICT,
                "a process already listens on "
                        + socket
                        + "; stop the other node daemon or give this one another directory");
    }

    private void acceptAll() {
        while (server.isOpen()) {
            try {
                SocketChannel accepted = server.accept();
                if (!room.tryAcquire()) {
                    accepted.close();
                    continue;
                }
                Thread.ofVirtual().name("control").start(() -> serve(accepted));
            } catch (IOException e) {
                if (server.isOpen()) {
                    LOG.warn("cannot accept on {}: {}", socket, e.getMessage());
                    // Most likely out of file descriptors: some are given back soon.
                    LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
                }
            }
        }
    }

    private void serve(SocketChannel accepted) {
        Link link = null;
        try (LineSocket lines = new LineSocket(accepted)) {
            checkPeer(accepted);
            link = greet(lines);
            listen(link);
        } catch (IOException e) {
            if (link == null) {
                LOG.debug("control connection of a stranger dropped: {}", e.getMessage());
            } else if (server.isOpen() && link.equals(links.get(link.leaseId))) {
                LOG.warn("control link of lease {} dropped: {}", link.leaseId, e.getMessage());
            }
        } catch (RuntimeException e) {
            LOG.error("control connection failed", e);
        } finally {
            room.release();
            if (link != null && links.remove(link.leaseId, link)) {
                listener.disconnected(link.leaseId, link.generation);
            }
        }
    }

    private void checkPeer(SocketChannel accepted) throws IOException {
        UserPrincipal user = accepted.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
        if (!permittedUser.test(user.getName())) {
            throw new IOException("user " + user.getName() + " may not speak here");
        }
    }

    private Link greet(LineSocket lines) throws IOException {
        if (!(lines.read() instanceof ControlLine.Hello hello)) {
            throw new IOException("it did not say hello");
        }
        if (hello.version() != ControlLine.VERSION) {
            throw new IOException(
                    "it speaks control version "
                            + hello.version()
                            + ", this daemon "
                            + ControlLine.VERSION);
        }
        Link link = new Link(hello.leaseId(), hello.generation(), lines);
        Link older = links.get(link.leaseId);
        if (older != null && older.generation > link.generation) {
            throw new IOException("a newer generation of its lease is there");
        }
        if (!listener.connected(hello.leaseId(), hello.generation(), hello.pid(), hello.secret())) {
            lines.write(new ControlLine.End(InvocationStatus.REVOKED));
            throw new IOException("it is no executor of this daemon");
        }
        older = links.put(link.leaseId, link);
        if (older != null) {
            older.lines.close();
        }
        return link;
    }

    private void listen(Link link) throws IOException {
        List<ChannelDescriptor> channels = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (@Nullable ControlLine line = link.lines.read();
                line != null;
                line = link.lines.read()) {
            switch (line) {
                case ControlLine.Channel(ChannelDescriptor channel) -> {
                    channels.add(channel);
                    requireFewer(channels, MAX_CHANNELS);
                }
                case ControlLine.Problem(String complaint) -> {
                    problems.add(complaint.replaceAll("\\p{Cc}", "?"));
                    requireFewer(problems, MAX_PROBLEMS);
                }
                case ControlLine.Ready() -> {
                    listener.ready(
                            link.leaseId,
                            link.generation,
                            List.copyOf(channels),
                            List.copyOf(problems));
                    channels.clear();
                    problems.clear();
                }
                case ControlLine.Usage used ->
                        listener.usage(
                                link.leaseId,
                                link.generation,
                                new LeaseUsage(
                                        used.invocations(),
                                        0,
                                        0,
                                        used.executingMicros(),
                                        used.hotPollingMicros()));
                case ControlLine.Resting() -> listener.resting(link.leaseId, link.generation);
                case ControlLine.Hello ignored -> throw new IOException("it said hello twice");
                case ControlLine.End _, ControlLine.Rest _, ControlLine.Lease _ ->
                        throw new IOException("only a daemon says that");
            }
        }
    }

    private static void requireFewer(List<?> lines, int limit) throws IOException {
        if (lines.size() > limit) {
            throw new IOException("more than " + limit + " lines of one kind");
        }
    }
}
