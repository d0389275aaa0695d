package io.offcut.executor.internal.tcp;

import io.offcut.core.frame.InvocationFrame;
import io.offcut.executor.internal.IntRing;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * Frames on a connected byte stream: a 64-byte header ({@link InvocationFrame}, the slot in its
 * immediate word), then the payload. The same for both ends.
 *
 * <p>A payload is read straight into the memory of its slot, but for what came in one piece with
 * its header, and written straight from there. So an end never holds more than its slots. Nothing
 * is sent beyond one frame per slot, which is all the flow control there is.
 *
 * <p>For one thread. Nothing blocks but {@link #await} and {@link #drain}; nothing allocates after
 * the constructor.
 */
final class FrameSocket implements AutoCloseable {
    private static final int STAGING_BYTES = 16 << 10;

    /** How often nothing may be there before a payload's reader looks elsewhere: some 20 µs. */
    private static final int EMPTY_READS = 64;

    private static final int KEEPALIVE_IDLE_SECONDS = 5;
    private static final int KEEPALIVE_INTERVAL_SECONDS = 2;
    private static final int KEEPALIVE_COUNT = 3;

    /** What an end does with what arrives. */
    interface Receiver {
        /**
         * A header arrived.
         *
         * @param at where in {@code memory} the header begins; valid during the call
         * @return where the payload goes, from position to limit, which is exactly its length; null
         *     if the peer broke the protocol and the connection must end
         */
        @Nullable ByteBuffer begin(MemorySegment memory, long at);

        /** The frame that began last is complete. */
        void arrived();

        /** The slot's frame has left for the network entirely. */
        void sent(int slot);
    }

    private final SocketChannel socket;
    private final Receiver receiver;
    private final Selector selector;
    private final SelectionKey key;
    private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES);
    private final MemorySegment stagingMemory = MemorySegment.ofBuffer(staging);
    private final ByteBuffer[] frames;
    private final MemorySegment[] headers;
    private final IntRing outgoing;
    private @Nullable ByteBuffer payload;

    /**
     * Takes over a connected socket.
     *
     * @param memory to send from, by slot: room for the header, then the payload
     */
    FrameSocket(SocketChannel socket, Selector selector, MemorySegment[] memory, Receiver receiver)
            throws IOException {
        this.socket = socket;
        this.selector = selector;
        this.receiver = receiver;
        this.frames = new ByteBuffer[memory.length];
        this.headers = new MemorySegment[memory.length];
        this.outgoing = new IntRing(memory.length);
        for (int slot = 0; slot < memory.length; slot++) {
            headers[slot] = memory[slot].asSlice(0, InvocationFrame.HEADER_BYTES);
            frames[slot] = memory[slot].asByteBuffer();
        }
        socket.configureBlocking(false);
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
        keepAlive();
        this.key = socket.register(selector, SelectionKey.OP_READ);
    }

    /** A peer whose machine is gone is noticed within some 11 s. */
    private void keepAlive() throws IOException {
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEPALIVE_INTERVAL_SECONDS);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEPALIVE_COUNT);
    }

    /** Where to write the header of the slot's next frame, before {@link #send}. */
    MemorySegment header(int slot) {
        return headers[slot];
    }

    /** Queues the slot's frame and sends what the network takes. The slot must have none queued. */
    void send(int slot, int payloadBytes) throws IOException {
        frames[slot].clear().limit(InvocationFrame.HEADER_BYTES + payloadBytes);
        outgoing.add(slot);
        flush();
    }

    /** Sends what the network takes. @return whether nothing is left to send */
    boolean flush() throws IOException {
        while (!outgoing.isEmpty()) {
            ByteBuffer frame = frames[outgoing.peek()];
            int ignored = socket.write(frame);
            if (frame.hasRemaining()) {
                return false;
            }
            receiver.sent(outgoing.remove());
        }
        return true;
    }

    /**
     * Takes what has arrived. Where a payload has begun it stays for the rest while that keeps
     * coming: a sender writes a large one faster to a peer that reads all the time.
     *
     * @return whether anything came
     * @throws IOException if the connection broke, was closed, or the peer broke the protocol
     */
    boolean receive() throws IOException {
        boolean came = false;
        if (payload == null || staging.position() > 0) {
            if (read(staging) == 0) {
                return false;
            }
            came = true;
            parse();
        }
        ByteBuffer target = payload;
        if (target == null || staging.position() > 0) {
            return came;
        }
        return take(target) || came;
    }

    private boolean take(ByteBuffer target) throws IOException {
        int before = target.position();
        int empty = 0;
        while (target.hasRemaining() && empty < EMPTY_READS) {
            empty = read(target) == 0 ? empty + 1 : 0;
        }
        if (!target.hasRemaining()) {
            payload = null;
            receiver.arrived();
        }
        return target.position() > before;
    }

    private int read(ByteBuffer target) throws IOException {
        int read = socket.read(target);
        if (read < 0) {
            throw new IOException("the peer closed the connection");
        }
        return read;
    }

    private void parse() throws IOException {
        staging.flip();
        while (true) {
            if (payload != null) {
                if (!fill(payload)) {
                    break;
                }
                payload = null;
                receiver.arrived();
            } else if (staging.remaining() >= InvocationFrame.HEADER_BYTES) {
                int at = staging.position();
                payload = receiver.begin(stagingMemory, at);
                if (payload == null) {
                    throw new IOException("the peer sent what is not a frame");
                }
                staging.position(at + InvocationFrame.HEADER_BYTES);
            } else {
                break;
            }
        }
        staging.compact();
    }

    /** Moves staged bytes into the payload. @return whether it is complete */
    private boolean fill(ByteBuffer target) {
        int bytes = Math.min(staging.remaining(), target.remaining());
        target.put(target.position(), staging, staging.position(), bytes);
        target.position(target.position() + bytes);
        staging.position(staging.position() + bytes);
        return !target.hasRemaining();
    }

    /** Sleeps until something can be received or sent, the selector is woken, or time is over. */
    void await(long timeoutNanos) throws IOException {
        key.interestOps(
                outgoing.isEmpty()
                        ? SelectionKey.OP_READ
                        : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        int ignored = selector.select(Math.max(1, timeoutNanos / 1_000_000));
        selector.selectedKeys().clear();
    }

    /** Sends everything queued, for at most {@code timeoutNanos}; then ends this side's stream. */
    void drain(long timeoutNanos) throws IOException {
        long start = System.nanoTime();
        while (!flush()) {
            if (System.nanoTime() - start > timeoutNanos) {
                return;
            }
            key.interestOps(SelectionKey.OP_WRITE);
            int ignored = selector.select(Math.max(1, timeoutNanos / 1_000_000));
            selector.selectedKeys().clear();
        }
        socket.shutdownOutput();
        // Closing with unread bytes would reset the connection before the peer reads our last word.
        staging.clear();
        for (int left = STAGING_BYTES; left > 0; left--) {
            if (socket.read(staging.clear()) <= 0) {
                return;
            }
        }
    }

    @Override
    public void close() {
        try {
            key.cancel();
            socket.close();
            // Without a look at the selector the socket would stay open until the next one.
            int ignored = selector.selectNow();
        } catch (IOException e) {
            // Nothing is lost with a connection that nobody needs any more.
        }
    }
}
