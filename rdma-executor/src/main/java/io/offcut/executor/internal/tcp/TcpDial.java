package io.offcut.executor.internal.tcp;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.SlotBook;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Connecting to a worker and saying hello, in bounded time. For one thread; blocks. */
final class TcpDial implements AutoCloseable {
    private static final long RETRY_NANOS = 20_000_000;

    private final ChannelDescriptor channel;
    private final long deadlineNanos;
    private final SocketChannel socket;
    private @Nullable ByteBuffer reply;
    private boolean taken;

    private TcpDial(ChannelDescriptor channel, long deadlineNanos, SocketChannel socket) {
        this.channel = channel;
        this.deadlineNanos = deadlineNanos;
        this.socket = socket;
    }

    static TcpDial connect(ChannelDescriptor channel, long timeoutNanos) throws IOException {
        long deadlineNanos = System.nanoTime() + timeoutNanos;
        while (true) {
            TcpDial dial = new TcpDial(channel, deadlineNanos, SocketChannel.open());
            try {
                ByteBuffer reply = dial.greet();
                int status = TcpHello.status(reply);
                if (status == 0) {
                    dial.check(reply);
                    return dial;
                }
                if (status != InvocationStatus.BUSY.code() || dial.leftNanos() < RETRY_NANOS) {
                    throw dial.refused(status, TcpHello.version(reply));
                }
                dial.close();
                // Its last client may just have gone.
                LockSupport.parkNanos(RETRY_NANOS);
            } catch (IOException | RuntimeException e) {
                dial.close();
                throw e;
            }
        }
    }

    int slots() {
        return reply == null ? 0 : TcpHello.slots(reply);
    }

    int payloadBytes() {
        return reply == null ? 0 : TcpHello.payloadBytes(reply);
    }

    /** Hands the connected socket over; {@link #close} leaves it alone from now on. */
    SocketChannel takeSocket() {
        taken = true;
        return socket;
    }

    private ByteBuffer greet() throws IOException {
        socket.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            SelectionKey key = socket.register(selector, SelectionKey.OP_CONNECT);
            boolean connected =
                    socket.connect(new InetSocketAddress(channel.host(), channel.port()));
            while (!connected) {
                await(selector, key, SelectionKey.OP_CONNECT);
                connected = socket.finishConnect();
            }
            ByteBuffer hello = TcpHello.hello(channel.worker(), channel.secret());
            while (hello.hasRemaining()) {
                await(selector, key, SelectionKey.OP_WRITE);
                int ignored = socket.write(hello);
            }
            ByteBuffer answer = ByteBuffer.allocate(TcpHello.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            while (answer.hasRemaining()) {
                await(selector, key, SelectionKey.OP_READ);
                if (socket.read(answer) < 0) {
                    throw new IOException("it hung up without a word");
                }
            }
            if (!TcpHello.isReply(answer)) {
                throw new IOException("what answers there is not a worker");
            }
            return answer;
        }
    }

    private void await(Selector selector, SelectionKey key, int operation) throws IOException {
        long left = leftNanos();
        if (left <= 0 || Thread.currentThread().isInterrupted()) {
            throw new IOException("no answer in time");
        }
        key.interestOps(operation);
        int ignored = selector.select(Math.max(1, left / 1_000_000));
        selector.selectedKeys().clear();
    }

    private long leftNanos() {
        return deadlineNanos - System.nanoTime();
    }

    private void check(ByteBuffer answer) throws IOException {
        int slots = TcpHello.slots(answer);
        int bytes = TcpHello.payloadBytes(answer);
        if (slots < 1
                || slots > SlotBook.MAX_SLOTS
                || bytes < 1
                || bytes > InvocationFrame.MAX_PAYLOAD_BYTES) {
            throw new IOException("it offers an impossible " + slots + " slots of " + bytes);
        }
        reply = answer;
    }

    private OffcutException refused(int status, int version) {
        String who = "worker " + channel.worker() + " at " + channel.host() + ":" + channel.port();
        if (status == TcpHello.UNAUTHORIZED) {
            return new OffcutException(
                    ErrorCode.UNAUTHORIZED,
                    who + " does not accept the secret; open the lease again");
        }
        if (status == TcpHello.NO_SUCH_WORKER) {
            return new OffcutException(
                    ErrorCode.NOT_FOUND, "there is no " + who + "; open the lease again");
        }
        return switch (InvocationStatus.of(status)) {
            case WRONG_VERSION ->
                    new OffcutException(
                            ErrorCode.WRONG_VERSION,
                            who
                                    + " speaks frame version "
                                    + version
                                    + ", this client "
                                    + InvocationFrame.VERSION
                                    + "; use the same release on both sides");
            case BUSY ->
                    new OffcutException(
                            ErrorCode.CONFLICT, who + " has another client; lease one of your own");
            default ->
                    new OffcutException(
                            ErrorCode.CONFLICT,
                            who
                                    + " refused the connection: "
                                    + InvocationStatus.of(status)
                                    + "; ask for a new lease");
        };
    }

    @Override
    public void close() {
        if (!taken) {
            try {
                socket.close();
            } catch (IOException e) {
                // Nothing is lost with a connection that nobody needs any more.
            }
        }
    }
}
