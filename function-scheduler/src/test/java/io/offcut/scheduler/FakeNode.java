package io.offcut.scheduler;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.core.CpuSet;
import io.offcut.core.NodeDescriptor;
import io.offcut.core.Offer;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseReport;
import io.offcut.core.lease.LeaseState;
import io.offcut.core.lease.LeaseTerms;
import io.offcut.core.lease.LeaseUsage;
import io.offcut.core.link.NodeMessage;
import io.offcut.core.link.SchedulerMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A node daemon's side of the link, by hand: says what the test tells it, ends what it is told. */
final class FakeNode implements AutoCloseable, WebSocket.Listener {
    static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final long incarnation;
    private final WebSocket socket;
    private final BlockingQueue<SchedulerMessage> received = new LinkedBlockingQueue<>();
    private final CompletableFuture<String> closed = new CompletableFuture<>();
    private final StringBuilder partial = new StringBuilder();
    private final List<LeaseReport> leases = new ArrayList<>();
    private final Thread heart;
    private long sequence;
    private volatile boolean beating = true;

    FakeNode(URI scheduler, String name, long incarnation, @Nullable String secret) {
        this.name = name;
        this.incarnation = incarnation;
        WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder();
        if (secret != null) {
            builder.header("Authorization", "Bearer " + secret);
        }
        URI link = URI.create(scheduler.toString().replace("http:", "ws:") + "/v1/link");
        this.socket = builder.buildAsync(link, this).orTimeout(20, TimeUnit.SECONDS).join();
        this.heart = Thread.ofPlatform().daemon().start(this::beat);
    }

    static FakeNode connect(URI scheduler, String name) {
        return new FakeNode(scheduler, name, System.currentTimeMillis(), null);
    }

    /** Says what it has: one offer of these cores. */
    synchronized void snapshot(String cores, long memoryBytes) {
        NodeDescriptor node =
                new NodeDescriptor(
                        name,
                        "http://127.0.0.1:7071",
                        "host-of-" + name,
                        CpuSet.parse(cores),
                        memoryBytes,
                        List.of("shm", "tcp"),
                        List.of("sched-idle"),
                        Map.of("partition", "batch"));
        Offer offer =
                new Offer(
                        "o1",
                        CpuSet.parse(cores),
                        memoryBytes,
                        Offer.Reason.UNALLOCATED,
                        Offer.UNKNOWN_UNTIL);
        send(
                new NodeMessage.Snapshot(
                        ++sequence,
                        NodeMessage.PROTOCOL_VERSION,
                        incarnation,
                        node,
                        List.of(offer),
                        leases));
    }

    /** Remembers a lease as active, for the next snapshot, and says so. */
    synchronized void opened(LeaseTerms terms) {
        LeaseReport report = new LeaseReport(terms, LeaseState.ACTIVE, null, LeaseUsage.NONE);
        leases.add(report);
        send(new NodeMessage.LeaseChanged(++sequence, report));
    }

    /** The same for a client that waits, which hears how the workers are reached. */
    synchronized void serves(LeaseTerms terms, List<ChannelDescriptor> channels) {
        LeaseReport report = new LeaseReport(terms, LeaseState.ACTIVE, null, LeaseUsage.NONE);
        leases.add(report);
        send(new NodeMessage.LeaseServed(++sequence, report, channels));
    }

    /** Ends a lease with what it used. */
    synchronized void ended(LeaseTerms terms, EndReason reason, LeaseUsage usage) {
        leases.removeIf(report -> report.terms().leaseId().equals(terms.leaseId()));
        send(
                new NodeMessage.LeaseChanged(
                        ++sequence, new LeaseReport(terms, LeaseState.ENDED, reason, usage)));
    }

    synchronized void withdrawOffer() {
        send(new NodeMessage.OffersChanged(++sequence, List.of(), List.of("o1")));
    }

    /** Takes over what another fake node of this name ran. */
    synchronized void inherit(LeaseTerms terms) {
        leases.add(new LeaseReport(terms, LeaseState.ACTIVE, null, new LeaseUsage(3, 40, 50)));
    }

    /** Sends any text. */
    void sendRaw(String text) {
        socket.sendText(text, true).orTimeout(20, TimeUnit.SECONDS).join();
    }

    /** Sends any text, whether or not it arrives. */
    void sendUnheard(String text) {
        var _ =
                socket.sendText(text, true)
                        .whenComplete((done, failure) -> {
                            if (failure != null) {
                                closed.complete("error " + failure);
                            }
                        });
    }

    private synchronized void send(NodeMessage message) {
        try {
            sendRaw(JSON.writerFor(NodeMessage.class).writeValueAsString(message));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void beat() {
        try {
            while (!closed.isDone()) {
                Thread.sleep(50);
                synchronized (this) {
                    if (beating && sequence > 0) {
                        send(new NodeMessage.Heartbeat(++sequence));
                    }
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            closed.complete("broken");
        }
    }

    /** Goes on being connected, and says nothing more. */
    void fallSilent() {
        beating = false;
    }

    /** The next message of this type; others are dropped. */
    <T extends SchedulerMessage> T await(Class<T> type) {
        try {
            for (; ; ) {
                SchedulerMessage message = received.poll(20, TimeUnit.SECONDS);
                if (message == null) {
                    throw new AssertionError(name + " was not sent a " + type.getSimpleName());
                }
                if (type.isInstance(message)) {
                    return type.cast(message);
                }
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How the scheduler closed the link: status and reason. */
    String awaitClose() {
        return closed.orTimeout(20, TimeUnit.SECONDS).join();
    }

    boolean isClosed() {
        return closed.isDone();
    }

    @Override
    public @Nullable CompletionStage<?> onText(
            WebSocket webSocket, CharSequence data, boolean last) {
        partial.append(data);
        if (last) {
            try {
                received.add(JSON.readValue(partial.toString(), SchedulerMessage.class));
            } catch (IOException e) {
                closed.complete("unreadable: " + e.getMessage());
            }
            partial.setLength(0);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
        closed.complete(status + " " + reason);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.complete("error " + error);
    }

    @Override
    public void close() {
        beating = false;
        heart.interrupt();
        socket.abort();
    }
}
