package io.offcut.executor.internal.memory;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.MemoryChannel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Memory at the other end of a connection. What is posted waits here until it is polled or awaited,
 * then goes out together; sending and receiving take turns, so that neither end waits for the other
 * with both networks full. When the connection breaks what is outstanding completes as {@code
 * UNREACHABLE}, unless the holder said before why it ends.
 */
public final class TcpMemoryChannel implements MemoryChannel {
    private static final int DEPTH = 256;
    private static final int STAGING_BYTES = 64 << 10;

    /** What is shorter is copied and leaves together with others. */
    private static final int SHORT_BYTES = 8 << 10;

    private static final long SPIN_NANOS = 20_000;

    /** An operation in its slot of the ring, from its posting until its completion is taken. */
    private static final class Operation {
        private int kind;
        private long offset;
        private int length;
        private long first;
        private long second;
        private @Nullable ByteBuffer bytes;
        private int status;
        private long value;
    }

    private final SocketChannel socket;
    private final Selector selector;
    private final SelectionKey key;
    private final long memoryBytes;
    private final Operation[] ring = new Operation[DEPTH];
    private final ByteBuffer out = staging().limit(0);
    private final ByteBuffer in = staging().limit(0);

    /** What is being sent behind the staged bytes, and received into; null between operations. */
    private @Nullable ByteBuffer sending;

    private @Nullable ByteBuffer receiving;

    private long posted;
    private long staged;
    private long completed;
    private long taken;
    private int status;
    private long value;
    private int ended;
    private boolean ending;
    private boolean closed;

    private TcpMemoryChannel(SocketChannel socket, Selector selector, long memoryBytes)
            throws IOException {
        this.socket = socket;
        this.selector = selector;
        this.memoryBytes = memoryBytes;
        for (int slot = 0; slot < DEPTH; slot++) {
            ring[slot] = new Operation();
        }
        socket.configureBlocking(false);
        this.key = socket.register(selector, SelectionKey.OP_READ);
    }

    private static ByteBuffer staging() {
        return ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Connects and says hello. Blocks for at most the time-out.
     *
     * @throws OffcutException as {@link io.offcut.executor.Channels#openMemory}
     */
    public static TcpMemoryChannel open(ChannelDescriptor channel, long timeoutNanos) {
        String where = "memory at " + channel.host() + ":" + channel.port();
        int millis = Math.clamp(timeoutNanos / 1_000_000, 1, Integer.MAX_VALUE);
        SocketChannel socket = null;
        Selector selector = null;
        try {
            socket = SocketChannel.open();
            socket.socket().connect(new InetSocketAddress(channel.host(), channel.port()), millis);
            long bytes = greet(socket, channel, where, millis);
            MemoryConnection.keepAlive(socket);
            selector = Selector.open();
            return new TcpMemoryChannel(socket, selector, bytes);
        } catch (IOException e) {
            close(socket, selector);
            throw new OffcutException(
                    ErrorCode.UNREACHABLE, "cannot reach " + where + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            close(socket, selector);
            throw e;
        }
    }

    private static long greet(
            SocketChannel socket, ChannelDescriptor channel, String where, int millis)
            throws IOException {
        ByteBuffer hello = MemoryFrame.hello(channel.secret());
        while (hello.hasRemaining()) {
            int ignored = socket.write(hello);
        }
        ByteBuffer reply = MemoryFrame.readHello(socket, millis);
        if (!MemoryFrame.isReply(reply)) {
            throw new IOException("what answers there holds no memory");
        }
        int refused = MemoryFrame.replyStatus(reply);
        if (refused != 0) {
            throw refusal(where, refused);
        }
        return MemoryFrame.replyBytes(reply);
    }

    /** Of a holder's reply. */
    static OffcutException refusal(String where, int status) {
        return switch (status) {
            case MemoryFrame.UNAUTHORIZED ->
                    new OffcutException(
                            ErrorCode.UNAUTHORIZED,
                            where + " does not accept the secret; open the lease again");
            default ->
                    MemoryStatus.of(status) == MemoryStatus.WRONG_VERSION
                            ? new OffcutException(
                                    ErrorCode.WRONG_VERSION,
                                    where
                                            + " speaks another protocol; use the same release on both sides")
                            : new OffcutException(
                                    ErrorCode.CONFLICT,
                                    where
                                            + " is gone: "
                                            + MemoryStatus.of(status)
                                            + "; ask for a new lease");
        };
    }

    @Override
    public long bytes() {
        return memoryBytes;
    }

    @Override
    public int depth() {
        return DEPTH;
    }

    @Override
    public int outstanding() {
        return (int) (posted - taken);
    }

    @Override
    public int read(long offset, MemorySegment target) {
        int refused = refuse(MemoryBounds.check(memoryBytes, offset, target.byteSize()));
        return refused != 0 ? refused : post(MemoryFrame.READ, offset, target, 0, 0);
    }

    @Override
    public int write(long offset, MemorySegment source) {
        int refused = refuse(MemoryBounds.check(memoryBytes, offset, source.byteSize()));
        return refused != 0 ? refused : post(MemoryFrame.WRITE, offset, source, 0, 0);
    }

    @Override
    public int fetchAndAdd(long offset, long addend) {
        int refused = refuse(MemoryBounds.checkWord(memoryBytes, offset));
        return refused != 0 ? refused : post(MemoryFrame.FETCH_AND_ADD, offset, null, addend, 0);
    }

    @Override
    public int compareAndSwap(long offset, long expected, long desired) {
        int refused = refuse(MemoryBounds.checkWord(memoryBytes, offset));
        return refused != 0
                ? refused
                : post(MemoryFrame.COMPARE_AND_SWAP, offset, null, expected, desired);
    }

    private int refuse(int outside) {
        if (posted - taken == DEPTH) {
            throw new IllegalStateException(DEPTH + " operations are outstanding: poll first");
        }
        return ended != 0 ? ended : outside;
    }

    private int post(
            int kind, long offset, @Nullable MemorySegment bytes, long first, long second) {
        if (bytes != null && bytes.byteSize() > MemoryFrame.MAX_LENGTH) {
            throw new IllegalArgumentException(
                    bytes.byteSize()
                            + " bytes in one operation, the most are "
                            + MemoryFrame.MAX_LENGTH);
        }
        Operation operation = ring[(int) (posted % DEPTH)];
        operation.kind = kind;
        operation.offset = offset;
        operation.length = bytes == null ? Long.BYTES : (int) bytes.byteSize();
        operation.first = first;
        operation.second = second;
        operation.bytes = bytes == null ? null : bytes.asByteBuffer();
        posted++;
        return 0;
    }

    @Override
    public boolean poll() {
        if (taken == posted) {
            return false;
        }
        if (taken == completed && ended == 0) {
            exchange();
        }
        Operation operation = ring[(int) (taken % DEPTH)];
        if (taken < completed) {
            status = operation.status;
            value = operation.value;
        } else if (ended != 0) {
            status = ended;
            value = 0;
            completed++;
        } else {
            return false;
        }
        operation.bytes = null;
        taken++;
        return true;
    }

    @Override
    public boolean await(long timeoutNanos) {
        long start = System.nanoTime();
        while (!poll()) {
            long waited = System.nanoTime() - start;
            if (taken == posted
                    || waited >= timeoutNanos
                    || Thread.currentThread().isInterrupted()) {
                return false;
            }
            if (waited < SPIN_NANOS) {
                Thread.onSpinWait();
            } else {
                sleep(timeoutNanos - waited);
            }
        }
        return true;
    }

    private void sleep(long nanos) {
        try {
            boolean more = out.hasRemaining() || sending != null;
            key.interestOps(
                    more ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            int ignored = selector.select(Math.max(1, nanos / 1_000_000));
            selector.selectedKeys().clear();
        } catch (IOException e) {
            lost();
        }
    }

    private void exchange() {
        try {
            send();
        } catch (IOException e) {
            // Its last word may be here already.
            drain();
            return;
        }
        try {
            receive();
        } catch (IOException e) {
            lost();
        }
    }

    private void drain() {
        try {
            for (long before = -1; before != completed && ended == 0; ) {
                before = completed;
                receive();
            }
        } catch (IOException e) {
            // That was all.
        }
        lost();
    }

    private void lost() {
        if (ended == 0) {
            ended = MemoryStatus.UNREACHABLE.code();
        }
    }

    /** Sends what the network takes. */
    private void send() throws IOException {
        while (true) {
            if (!out.hasRemaining() && sending == null && !stage()) {
                return;
            }
            if (out.hasRemaining()) {
                int ignored = socket.write(out);
                if (out.hasRemaining()) {
                    return;
                }
            }
            ByteBuffer bytes = sending;
            if (bytes != null) {
                int ignored = socket.write(bytes);
                if (bytes.hasRemaining()) {
                    return;
                }
                sending = null;
            }
        }
    }

    /** Stages requests, up to the first with bytes of its own. @return whether there are any */
    private boolean stage() {
        out.clear();
        while (staged < posted
                && sending == null
                && out.remaining() >= MemoryFrame.REQUEST_BYTES + SHORT_BYTES) {
            Operation operation = ring[(int) (staged % DEPTH)];
            MemoryFrame.putRequest(
                    out,
                    operation.kind,
                    operation.offset,
                    operation.length,
                    (int) (staged % DEPTH),
                    operation.first,
                    operation.second);
            ByteBuffer bytes = operation.bytes;
            if (operation.kind == MemoryFrame.WRITE && bytes != null) {
                if (operation.length <= SHORT_BYTES) {
                    out.put(bytes);
                } else {
                    sending = bytes;
                }
            }
            staged++;
        }
        out.flip();
        return out.hasRemaining();
    }

    /** Takes what has arrived. */
    private void receive() throws IOException {
        ByteBuffer target = receiving;
        if (target != null && !in.hasRemaining()) {
            if (read(target) > 0 && !target.hasRemaining()) {
                receiving = null;
                completed++;
            }
            return;
        }
        in.compact();
        int came;
        try {
            came = socket.read(in);
        } finally {
            in.flip();
        }
        parse();
        if (came < 0) {
            throw new IOException("the holder hung up");
        }
    }

    private int read(ByteBuffer target) throws IOException {
        int came = socket.read(target);
        if (came < 0) {
            throw new IOException("the holder hung up");
        }
        return came;
    }

    private void parse() {
        while (ended == 0) {
            ByteBuffer target = receiving;
            if (target != null) {
                int piece = Math.min(target.remaining(), in.remaining());
                target.put(target.position(), in, in.position(), piece);
                target.position(target.position() + piece);
                in.position(in.position() + piece);
                if (target.hasRemaining()) {
                    return;
                }
                receiving = null;
                completed++;
            } else if (in.remaining() < MemoryFrame.RESPONSE_BYTES) {
                return;
            } else {
                begin(in.position());
                in.position(in.position() + MemoryFrame.RESPONSE_BYTES);
            }
        }
    }

    private void begin(int at) {
        int said = in.getInt(at + 4);
        int length = in.getInt(at + 16);
        int sequence = in.getInt(at + 20);
        boolean good = MemoryFrame.isResponse(in, at) && said <= 0;
        if (good && sequence == MemoryFrame.WHOLE_CONNECTION && said < 0) {
            ended = said;
            return;
        }
        Operation operation = ring[(int) (completed % DEPTH)];
        int expected = operation.kind == MemoryFrame.READ && said == 0 ? operation.length : 0;
        if (!good
                || completed >= staged
                || sequence != (int) (completed % DEPTH)
                || length != expected) {
            ended = MemoryStatus.MALFORMED.code();
            return;
        }
        ending = in.getInt(at + 24) != 0;
        operation.status = said;
        operation.value = in.getLong(at + 8);
        if (length > 0) {
            receiving = operation.bytes;
        } else {
            completed++;
        }
        if (MemoryStatus.of(said).isEnd()) {
            ended = said;
        }
    }

    @Override
    public int status() {
        return status;
    }

    @Override
    public long value() {
        return value;
    }

    @Override
    public boolean ending() {
        return ending;
    }

    @Override
    public int ended() {
        if (ended == 0 && taken == posted) {
            exchange();
        }
        return ended;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ended = ended == 0 ? MemoryStatus.RELEASED.code() : ended;
            close(socket, selector);
        }
    }

    private static void close(@Nullable SocketChannel socket, @Nullable Selector selector) {
        try {
            if (socket != null) {
                socket.close();
            }
            if (selector != null) {
                selector.close();
            }
        } catch (IOException e) {
            // Nothing is lost with a connection that nobody needs any more.
        }
    }
}
