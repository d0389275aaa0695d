package io.offcut.executor.internal.memory;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.MemoryStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Where a holder's clients come in that do not share its memory. Each connection has a thread, and
 * who does not say a right hello in time is turned away.
 */
final class MemoryDoor implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 64;
    private static final int HELLO_MILLIS = 2_000;
    private static final long LAST_WORDS_MILLIS = 100;
    private static final long ACCEPT_PAUSE_NANOS = 100_000_000;

    private final ServerSocketChannel listening;
    private final int port;
    private final byte[] secret;
    private final MemoryMapping mapping;
    private final Semaphore room = new Semaphore(MAX_CONNECTIONS);
    private final Set<MemoryConnection> connections = ConcurrentHashMap.newKeySet();

    /**
     * Listens on a port of the kernel's choice.
     *
     * @param secret what a client must show, 32 hexadecimal digits
     * @throws OffcutException {@code CONFLICT} if it cannot listen there
     */
    MemoryDoor(String host, String secret, MemoryMapping mapping) {
        this.secret = secret.getBytes(StandardCharsets.US_ASCII);
        this.mapping = mapping;
        try {
            listening = ServerSocketChannel.open().bind(new InetSocketAddress(host, 0));
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
        Thread.ofPlatform().daemon().name("door").start(this::accept);
    }

    int port() {
        return port;
    }

    private void accept() {
        while (listening.isOpen()) {
            try {
                SocketChannel socket = listening.accept();
                if (room.tryAcquire()) {
                    Thread.ofPlatform().daemon().name("client").start(() -> serve(socket));
                } else {
                    socket.close();
                }
            } catch (IOException e) {
                // Most likely out of file descriptors: some are given back soon.
                LockSupport.parkNanos(ACCEPT_PAUSE_NANOS);
            }
        }
    }

    private void serve(SocketChannel socket) {
        try (socket) {
            if (greet(socket)) {
                MemoryConnection connection = new MemoryConnection(socket, mapping);
                connections.add(connection);
                try {
                    connection.serve();
                } finally {
                    connections.remove(connection);
                }
            }
        } catch (IOException e) {
            // The client is gone, or spoke what is not the protocol: nobody is left to tell.
        } finally {
            room.release();
        }
    }

    private boolean greet(SocketChannel socket) throws IOException {
        ByteBuffer hello = MemoryFrame.readHello(socket, HELLO_MILLIS);
        int status = MemoryFrame.check(hello, secret);
        if (status == 0) {
            status = Math.min(0, mapping.state());
        }
        ByteBuffer reply = MemoryFrame.reply(status, status == 0 ? mapping.bytes() : 0);
        while (reply.hasRemaining()) {
            int ignored = socket.write(reply);
        }
        return status == 0;
    }

    /** Tells every client why the memory is gone. Blocks for a bounded time. */
    void end(MemoryStatus status) {
        List<Thread> words =
                connections.stream()
                        .map(connection ->
                                Thread.ofPlatform().daemon().start(() -> connection.end(status)))
                        .toList();
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LAST_WORDS_MILLIS);
        try {
            for (Thread word : words) {
                long left = deadlineNanos - System.nanoTime();
                word.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            // Nothing is lost with a port that nobody needs any more.
        }
    }
}
