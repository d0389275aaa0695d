package io.offcut.executor.internal.tcp;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Where connections come in: one port for all workers of an executor. Strangers are dealt with by a
 * thread of their own, so that a worker in the middle of a long function keeps nobody waiting and
 * is not disturbed.
 *
 * <p>{@link TcpReception} does that, with Netty, which takes longer to load and more memory than
 * all the rest of an executor: so it is not there before somebody knocks.
 */
public final class TcpDoor implements AutoCloseable {
    private static final int BACKLOG = 128;
    private static final long CLOSE_MILLIS = 100;

    private final ServerSocketChannel listening;
    private final Selector knock;
    private final Thread knocks =
            Thread.ofPlatform().daemon().name("knock").unstarted(this::awaitKnock);
    private final int port;
    private final byte[] secret;
    private final int workers;
    private final IntFunction<TcpWorkerChannel> channelOf;
    private final Runnable arrival;
    private @Nullable TcpReception reception;
    private boolean closed;

    /**
     * Listens on a port of the kernel's choice.
     *
     * @param host address to listen on
     * @param secret what a client must show, 32 hexadecimal digits
     * @param workers how many there are
     * @param channelOf gives each worker's channel
     * @param arrival called after a connection was handed over, to wake its worker
     * @throws OffcutException {@code CONFLICT} if it cannot listen there
     */
    public TcpDoor(
            String host,
            String secret,
            int workers,
            IntFunction<TcpWorkerChannel> channelOf,
            Runnable arrival) {
        if (secret.length() != TcpHello.SECRET_BYTES) {
            throw new IllegalArgumentException(
                    "a secret of " + secret.length() + " characters, not 32");
        }
        this.secret = secret.getBytes(StandardCharsets.US_ASCII);
        this.workers = workers;
        this.channelOf = channelOf;
        this.arrival = arrival;
        try {
            listening = listen(host);
            knock = Selector.open();
            listening.register(knock, SelectionKey.OP_ACCEPT);
            port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "cannot listen on "
                            + host
                            + ": "
                            + e.getMessage()
                            + "; give the node an address of this machine",
                    e);
        }
        knocks.start();
    }

    private static ServerSocketChannel listen(String host) throws IOException {
        InetSocketAddress address = new InetSocketAddress(host, 0);
        if (address.isUnresolved()) {
            throw new IOException("there is no such host");
        }
        ServerSocketChannel listening = ServerSocketChannel.open();
        try {
            listening.bind(address, BACKLOG).configureBlocking(false);
            return listening;
        } catch (IOException e) {
            listening.close();
            throw e;
        }
    }

    private void awaitKnock() {
        try (knock) {
            int ignored = knock.select();
        } catch (IOException e) {
            // Nobody can be waited for: whoever comes is received at once.
        }
        receive();
    }

    private synchronized void receive() {
        if (!closed) {
            InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
            reception = new TcpReception(listening, secret, workers, channelOf, arrival);
        }
    }

    public int port() {
        return port;
    }

    /**
     * Lets nobody in any more. Connections that were handed over stay. Blocks until the port is
     * free, which the selector keeps as long as it is open, for a bounded time.
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            knock.wakeup();
            if (reception != null) {
                reception.close();
            }
            try {
                listening.close();
            } catch (IOException e) {
                // Nothing is lost with a port that nobody needs any more.
            }
        }
        try {
            knocks.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
