package io.offcut.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.scheduler.brain.BrainEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many nodes with a real link each, all in one thread: WebSocket (RFC 6455) by hand over
 * non-blocking sockets. Each node says that it lives once a second, spread evenly, and does as it
 * is told.
 */
final class NodeLinks implements AutoCloseable {
    private static final int CONNECTING_AT_ONCE = 100;
    private static final long BEAT_MILLIS = 1_000;
    private static final long STOP_MILLIS = 10_000;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectWriter MESSAGE = JSON.writerFor(NodeMessage.class);

    private final InetSocketAddress scheduler;
    private final Selector selector = Selector.open();
    private final ByteBuffer incoming = ByteBuffer.allocateDirect(1 << 16);
    private final List<Link> links = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "links");
    private int opened;
    private int connecting;
    private final AtomicInteger connected = new AtomicInteger();
    private final AtomicLong beats = new AtomicLong();
    private volatile boolean stopped;

    NodeLinks(URI uri, int count, long seed) throws IOException {
        scheduler = new InetSocketAddress(uri.getHost(), uri.getPort());
        Random random = new Random(seed);
        for (int i = 0; i < count; i++) {
            links.add(new Link(new SimulatedNode("node-" + i, random)));
        }
        thread.setDaemon(true);
        thread.start();
    }

    /** Links whose scheduler has said welcome, less those that broke. */
    int connected() {
        return connected.get();
    }

    /** Heartbeats sent by all nodes. */
    long beats() {
        return beats.get();
    }

    private void run() {
        try {
            long beatenMillis = nowMillis();
            while (!stopped) {
                connectSome();
                selector.select(1);
                for (SelectionKey key : selector.selectedKeys()) {
                    serve(key);
                }
                selector.selectedKeys().clear();
                long now = nowMillis();
                for (; beatenMillis < now; beatenMillis++) {
                    beat((int) (beatenMillis % BEAT_MILLIS));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nowMillis() {
        return System.nanoTime() / 1_000_000;
    }

    private void connectSome() throws IOException {
        while (opened < links.size() && connecting < CONNECTING_AT_ONCE) {
            links.get(opened++).connect();
            connecting++;
        }
    }

    private static void serve(SelectionKey key) {
        Link link = (Link) key.attachment();
        try {
            if (key.isConnectable()) {
                link.shakeHands();
            }
            if (key.isValid() && key.isReadable()) {
                link.read();
            }
            if (key.isValid() && key.isWritable()) {
                link.flush();
            }
        } catch (IOException e) {
            link.broken(key);
        }
    }

    private void beat(int slot) {
        for (int i = slot; i < links.size(); i += (int) BEAT_MILLIS) {
            Link link = links.get(i);
            if (link.state == Link.State.OPEN) {
                link.say(link.node.heartbeat());
                beats.incrementAndGet();
            }
        }
    }

    /** What a frame of this text looks like when a client sends it; the mask is zero. */
    static ByteBuffer frame(byte[] text) {
        ByteBuffer frame = ByteBuffer.allocate(text.length + 14);
        frame.put((byte) 0x81);
        if (text.length < 126) {
            frame.put((byte) (0x80 | text.length));
        } else if (text.length < 1 << 16) {
            frame.put((byte) (0x80 | 126)).putShort((short) text.length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(text.length);
        }
        return frame.putInt(0).put(text).flip();
    }

    @Override
    public void close() throws IOException {
        stopped = true;
        selector.wakeup();
        try {
            thread.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    /** One node and its link. For the one thread. */
    private final class Link {
        enum State {
            CONNECTING,
            UPGRADING,
            OPEN,
            BROKEN
        }

        private final SimulatedNode node;
        private State state = State.CONNECTING;
        private SocketChannel channel = SocketChannel.open();
        private ByteBuffer unread = ByteBuffer.allocate(0);
        private ByteBuffer unsent = ByteBuffer.allocate(0);

        Link(SimulatedNode node) throws IOException {
            this.node = node;
        }

        void connect() throws IOException {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_CONNECT, this);
            if (channel.connect(scheduler)) {
                shakeHands();
            }
        }

        void shakeHands() throws IOException {
            channel.finishConnect();
            state = State.UPGRADING;
            send(
                    StandardCharsets.US_ASCII.encode(
                            "GET /v1/link HTTP/1.1\r\nHost: "
                                    + scheduler.getHostString()
                                    + ":"
                                    + scheduler.getPort()
                                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Version: 13\r\n"
                                    + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        }

        void read() throws IOException {
            incoming.clear().put(unread);
            int count = channel.read(incoming);
            if (count < 0) {
                throw new IOException("closed by the scheduler");
            }
            incoming.flip();
            if (state == State.UPGRADING) {
                upgraded();
            }
            while (state == State.OPEN && takeFrame()) {}
            unread = ByteBuffer.allocate(incoming.remaining()).put(incoming).flip();
        }

        private void upgraded() throws IOException {
            String head = StandardCharsets.US_ASCII.decode(incoming.duplicate()).toString();
            int end = head.indexOf("\r\n\r\n");
            if (end < 0) {
                return;
            }
            if (!head.startsWith("HTTP/1.1 101")) {
                throw new IOException(head.lines().findFirst().orElse(""));
            }
            incoming.position(incoming.position() + end + 4);
            state = State.OPEN;
            connecting--;
            connected.incrementAndGet();
            say(node.snapshot(System.currentTimeMillis()));
        }

        /** Takes one whole frame out of what has arrived, if there is one. */
        private boolean takeFrame() throws IOException {
            incoming.mark();
            if (incoming.remaining() < 2) {
                return false;
            }
            int opcode = incoming.get() & 0xf;
            int length = incoming.get() & 0x7f;
            int more = length == 126 ? 2 : length == 127 ? 8 : 0;
            if (incoming.remaining() >= more) {
                length = more == 0 ? length : more == 2 ? incoming.getShort() & 0xffff : tooLong();
                if (incoming.remaining() >= length) {
                    byte[] payload = new byte[length];
                    incoming.get(payload);
                    obey(opcode, payload);
                    return true;
                }
            }
            incoming.reset();
            return false;
        }

        private static int tooLong() throws IOException {
            throw new IOException("the scheduler never says so much at once");
        }

        private void obey(int opcode, byte[] payload) throws IOException {
            if (opcode == 8) {
                throw new IOException("closed by the scheduler");
            }
            if (opcode != 1) {
                return;
            }
            switch (JSON.readValue(payload, SchedulerMessage.class)) {
                case SchedulerMessage.EndLease end -> say(node.ended(end));
                case SchedulerMessage.SendSnapshot ask ->
                        say(node.snapshot(System.currentTimeMillis()));
                case SchedulerMessage.OpenLease open -> {}
                case SchedulerMessage.ExtendLease extend -> {}
                case SchedulerMessage.Welcome welcome -> {}
            }
        }

        void say(BrainEvent event) {
            if (event instanceof BrainEvent.FromNode said) {
                try {
                    send(frame(MESSAGE.writeValueAsBytes(said.message())));
                } catch (JsonProcessingException e) {
                    throw new IllegalStateException("a message is not JSON", e);
                } catch (IOException e) {
                    broken(channel.keyFor(selector));
                }
            }
        }

        private void send(ByteBuffer bytes) throws IOException {
            if (unsent.hasRemaining()) {
                ByteBuffer both = ByteBuffer.allocate(unsent.remaining() + bytes.remaining());
                unsent = both.put(unsent).put(bytes).flip();
            } else {
                unsent = bytes;
            }
            flush();
        }

        void flush() throws IOException {
            channel.write(unsent);
            int wanted = SelectionKey.OP_READ | (unsent.hasRemaining() ? SelectionKey.OP_WRITE : 0);
            channel.keyFor(selector).interestOps(wanted);
        }

        void broken(SelectionKey key) {
            if (state == State.OPEN) {
                connected.decrementAndGet();
            } else if (state != State.BROKEN) {
                connecting--;
            }
            state = State.BROKEN;
            key.cancel();
            try {
                channel.close();
            } catch (IOException e) {
                // It is broken already, and counted.
            }
        }
    }
}
