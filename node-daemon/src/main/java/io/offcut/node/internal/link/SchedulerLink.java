package io.offcut.node.internal.link;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import io.offcut.node.internal.loop.EventLoop;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The long-lived connection to the scheduler: opens it, keeps it alive, opens it again.
 *
 * <pre>
 *   AWAY ──handshake──▶ GREETED (snapshot sent, deltas follow) ──closed, silent, full──▶ AWAY
 * </pre>
 *
 * <p>Every method, and every call of the {@link Node}, happens on the one thread of {@code loop};
 * nothing blocks. While the scheduler is away messages are dropped: the snapshot that begins the
 * next connection makes them good.
 */
public final class SchedulerLink implements AutoCloseable {
    /** What the link needs to know of its node. Called on the loop's thread. */
    public interface Node {
        /** Everything, as the next message. */
        NodeMessage.Snapshot snapshot(long sequence);

        /** The scheduler said something. */
        void received(SchedulerMessage message);
    }

    private static final Logger log = LoggerFactory.getLogger(SchedulerLink.class);
    private static final int MAX_MESSAGE_CHARS = 1 << 20;
    private static final int MAX_QUEUED = 10_000;
    private static final long FIRST_BACK_OFF_MILLIS = 100;
    private static final long MAX_BACK_OFF_MILLIS = 5_000;
    private static final long LEAST_SILENCE_MILLIS = 5_000;
    private static final long DEFAULT_HEARTBEAT_MILLIS = 1_000;

    private final URI uri;
    private final String secret;
    private final Node node;
    private final EventLoop loop;
    private final HttpClient http;
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private final Random jitter = new Random();

    private @Nullable Connection connection;
    private @Nullable Future<?> heartbeat;
    private long heartbeatMillis = DEFAULT_HEARTBEAT_MILLIS;
    private long sequence;
    private long backOffMillis = FIRST_BACK_OFF_MILLIS;
    private @Nullable Runnable whenFinished;
    private boolean complained;
    private boolean closed;

    /**
     * @param schedulerUrl {@code http://host:port}
     * @param secret what nodes show to the scheduler; empty for none
     */
    public SchedulerLink(String schedulerUrl, String secret, Node node, EventLoop loop) {
        this.uri =
                URI.create(schedulerUrl.replaceFirst("^http", "ws").replaceFirst("/+$", "") + LINK);
        this.secret = secret;
        this.node = node;
        this.loop = loop;
        this.http =
                HttpClient.newBuilder()
                        // What the listener does is to hand over: no other thread is needed.
                        .executor(Runnable::run)
                        .connectTimeout(Duration.ofSeconds(3))
                        .build();
    }

    private static final String LINK = "/v1/link";

    /** Begins to connect. */
    public void start() {
        connect();
    }

    /** Whether the scheduler has this node's snapshot and hears its deltas. */
    public boolean connected() {
        Connection present = connection;
        return present != null && present.greeted;
    }

    /** Sends a delta, made from its sequence number; drops it while the scheduler is away. */
    public void send(LongFunction<NodeMessage> message) {
        Connection present = connection;
        if (present != null && present.greeted) {
            present.send(message.apply(++sequence));
        }
    }

    /** Sends everything anew. */
    public void sendSnapshot() {
        Connection present = connection;
        if (present != null) {
            present.greeted = true;
            present.send(node.snapshot(++sequence));
        }
    }

    /**
     * Says goodbye: runs the task when the scheduler has read everything and answered, or is away.
     * Nothing is sent or connected afterwards.
     */
    public void finish(Runnable task) {
        closed = true;
        Connection present = connection;
        if (present == null) {
            task.run();
        } else {
            whenFinished = task;
            present.enqueue(to -> to.sendClose(WebSocket.NORMAL_CLOSURE, "the node stops"));
        }
    }

    /** Ends the connection for good, at once: {@link #finish} first, or messages are lost. */
    @Override
    public void close() {
        closed = true;
        Connection present = connection;
        if (present != null) {
            lost(present, "closing");
        }
        http.shutdownNow();
    }

    private void connect() {
        if (closed) {
            return;
        }
        Connection next = new Connection();
        WebSocket.Builder builder =
                http.newWebSocketBuilder().connectTimeout(Duration.ofSeconds(3));
        if (!secret.isEmpty()) {
            builder.header("Authorization", "Bearer " + secret);
        }
        var _ =
                builder.buildAsync(uri, next)
                        .whenComplete((socket, failure) ->
                                loop.execute(() -> opened(next, socket, failure)));
    }

    private void opened(Connection next, @Nullable WebSocket socket, @Nullable Throwable failure) {
        if (socket == null || failure != null) {
            complain(explain(failure));
            retry();
        } else if (closed) {
            socket.abort();
        } else {
            next.socket = socket;
            connection = next;
            complained = false;
            log.info("connected to the scheduler at {}", uri);
            sendSnapshot();
            socket.request(1);
            scheduleHeartbeat();
        }
    }

    private static String explain(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        if (cause instanceof WebSocketHandshakeException refused) {
            int status = refused.getResponse().statusCode();
            return switch (status) {
                case 401, 403 ->
                        "it refuses this node's secret (HTTP "
                                + status
                                + "); set nodeSecretFile to the scheduler's node secret";
                case 426 ->
                        "it speaks another protocol version; upgrade node and scheduler together";
                default -> "it answered HTTP " + status + "; is this a scheduler's address?";
            };
        }
        return cause == null ? "no answer" : cause.toString();
    }

    // One warning for each time the scheduler goes away, however often it is tried.
    private void complain(String why) {
        if (!complained && !closed) {
            complained = true;
            log.warn(
                    "no link to the scheduler at {}: {}; going on without it, trying again",
                    uri,
                    why);
        }
    }

    private void retry() {
        if (!closed) {
            long wait = backOffMillis / 2 + jitter.nextLong(backOffMillis);
            backOffMillis = Math.min(MAX_BACK_OFF_MILLIS, backOffMillis * 2);
            var _ = loop.after(wait, this::connect);
        }
    }

    private void lost(Connection which, String why) {
        if (connection != which) {
            return;
        }
        connection = null;
        if (heartbeat != null) {
            heartbeat.cancel(false);
        }
        if (which.socket != null) {
            which.socket.abort();
        }
        if (System.nanoTime() - which.madeNanos
                > TimeUnit.MILLISECONDS.toNanos(MAX_BACK_OFF_MILLIS)) {
            backOffMillis = FIRST_BACK_OFF_MILLIS;
        }
        complain(why);
        retry();
        Runnable finished = whenFinished;
        if (finished != null) {
            finished.run();
        }
    }

    private void scheduleHeartbeat() {
        if (heartbeat != null) {
            heartbeat.cancel(false);
        }
        heartbeat = loop.every(heartbeatMillis, this::beat);
    }

    private void beat() {
        Connection present = connection;
        if (present == null) {
            return;
        }
        long silenceMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - present.heardNanos);
        if (silenceMillis > Math.max(LEAST_SILENCE_MILLIS, 5 * heartbeatMillis)) {
            lost(present, "silent for " + silenceMillis + " ms");
            return;
        }
        present.ping();
        send(NodeMessage.Heartbeat::new);
    }

    private void received(Connection from, String text) {
        if (connection != from) {
            return;
        }
        try {
            SchedulerMessage message = json.readValue(text, SchedulerMessage.class);
            if (message instanceof SchedulerMessage.Welcome welcome) {
                heartbeatMillis = Math.clamp(welcome.heartbeatMillis(), 10, 60_000);
                scheduleHeartbeat();
            }
            node.received(message);
        } catch (JsonProcessingException e) {
            log.warn("the scheduler sent a message that is not understood: ignored");
        }
    }

    /** One WebSocket. The listener's calls come on the client's threads and are handed over. */
    private final class Connection implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();
        private CompletableFuture<?> tail = CompletableFuture.completedFuture(null);
        private int queued;
        private boolean greeted;
        private final long madeNanos = System.nanoTime();
        private volatile long heardNanos = madeNanos;
        private @Nullable WebSocket socket;

        private void send(NodeMessage message) {
            if (queued >= MAX_QUEUED) {
                lost(this, "it does not read");
                return;
            }
            String line;
            try {
                line = json.writerFor(NodeMessage.class).writeValueAsString(message);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("cannot write " + message, e);
            }
            enqueue(to -> to.sendText(line, true));
        }

        private void ping() {
            enqueue(to -> to.sendPing(ByteBuffer.allocate(0)));
        }

        // A WebSocket takes one message at a time: each waits for the one before it.
        private void enqueue(Function<WebSocket, CompletableFuture<WebSocket>> send) {
            WebSocket to = socket;
            if (to == null) {
                return;
            }
            queued++;
            tail = tail.thenCompose(done -> send.apply(to));
            var _ = tail.whenComplete((done, failure) -> loop.execute(() -> sent(failure)));
        }

        private void sent(@Nullable Throwable failure) {
            queued--;
            if (failure != null) {
                lost(this, "the connection broke");
            }
        }

        @Override
        public void onOpen(WebSocket opened) {
            // Nothing is read before the snapshot is on its way: opened() asks for the first.
        }

        @Override
        public @Nullable CompletionStage<?> onText(
                WebSocket from, CharSequence part, boolean last) {
            heardNanos = System.nanoTime();
            if (text.length() + part.length() > MAX_MESSAGE_CHARS) {
                loop.execute(() ->
                        lost(this, "it sent a message over " + MAX_MESSAGE_CHARS + " characters"));
                return null;
            }
            text.append(part);
            if (last) {
                String whole = text.toString();
                text.setLength(0);
                loop.execute(() -> received(this, whole));
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
            heardNanos = System.nanoTime();
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            loop.execute(
                    () -> lost(this, "it closed the connection (" + code + " " + reason + ")"));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            loop.execute(() -> lost(this, "the connection broke (" + error.getMessage() + ")"));
        }
    }
}
