package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.SlotBook;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Connecting to a worker by RDMA, in bounded time. For one thread; blocks. */
final class VerbsDial implements AutoCloseable {
    private static final long RETRY_NANOS = 20_000_000;

    private final ChannelDescriptor channel;
    private final long deadlineNanos;
    private final RdmaEventChannel events;
    private @Nullable RdmaCmId id;
    private @Nullable IbvPd pd;
    private @Nullable VerbsLink link;
    private VerbsHello.@Nullable Reply worker;
    private boolean taken;

    private VerbsDial(ChannelDescriptor channel, long deadlineNanos) throws IOException {
        this.channel = channel;
        this.deadlineNanos = deadlineNanos;
        this.events = OffcutRdma.cm().createEventChannel();
    }

    static VerbsDial connect(ChannelDescriptor channel, long timeoutNanos) throws IOException {
        if (OffcutRdma.upstreamChosen()) {
            throw new IOException("DiSNI's own provider has no private data; unset its choice");
        }
        long deadlineNanos = System.nanoTime() + timeoutNanos;
        OffcutException busy = null;
        while (true) {
            VerbsDial dial = new VerbsDial(channel, deadlineNanos);
            try {
                VerbsHello.Reply reply = dial.greet();
                if (reply.status() == 0) {
                    dial.check(reply);
                    return dial;
                }
                busy = dial.refused(reply);
                if (reply.status() != InvocationStatus.BUSY.code()
                        || dial.leftNanos() < RETRY_NANOS) {
                    throw busy;
                }
                dial.close();
                // Its last client may just have gone.
                LockSupport.parkNanos(RETRY_NANOS);
            } catch (IOException e) {
                dial.close();
                if (busy != null) {
                    // The time was over while it asked once more.
                    throw busy;
                }
                throw e;
            } catch (RuntimeException e) {
                dial.close();
                throw e;
            }
        }
    }

    private VerbsHello.Reply greet() throws IOException {
        RdmaCmId made = OffcutRdma.cm().createId(events, RdmaCm.RDMA_PS_TCP);
        id = made;
        made.resolveAddr(null, new InetSocketAddress(channel.host(), channel.port()), leftMillis());
        var _ = await(EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        made.resolveRoute(leftMillis());
        var _ = await(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        IbvPd domain = made.getVerbs().allocPd();
        pd = domain;
        link = new VerbsLink(made, domain, channel.slots(), events.getFd());
        made.connect(
                new ConnectionParameters(
                        VerbsHello.request(channel.worker(), channel.secret()),
                        VerbsLink.RNR_RETRIES));
        NativeCmEvent answer = await(EventType.RDMA_CM_EVENT_ESTABLISHED);
        boolean connected = answer.is(EventType.RDMA_CM_EVENT_ESTABLISHED);
        byte[] data = answer.privateData();
        if (!VerbsHello.isReply(data)) {
            throw new IOException(
                    connected ? "what answers there is not a worker" : "nobody listens there");
        }
        VerbsHello.Reply reply = VerbsHello.reply(data);
        if (connected != (reply.status() == 0)) {
            throw new IOException("what answers there contradicts itself");
        }
        return reply;
    }

    /** The event of that type, or of a refusal. */
    private NativeCmEvent await(EventType type) throws IOException {
        while (true) {
            NativeCmEvent event = OffcutRdma.cm().getCmEvent(events, leftMillis());
            if (event == null) {
                if (leftNanos() <= 0 || Thread.currentThread().isInterrupted()) {
                    throw new IOException("no answer in time");
                }
                continue;
            }
            event.ackEvent();
            if (event.is(type) || event.is(EventType.RDMA_CM_EVENT_REJECTED)) {
                return event;
            }
            throw new IOException("the connection manager says " + event);
        }
    }

    private long leftNanos() {
        return deadlineNanos - System.nanoTime();
    }

    private int leftMillis() {
        return Math.toIntExact(
                Math.clamp(TimeUnit.NANOSECONDS.toMillis(leftNanos()), 1, Integer.MAX_VALUE));
    }

    private void check(VerbsHello.Reply reply) throws IOException {
        if (reply.slots() < 1
                || reply.slots() > Math.min(SlotBook.MAX_SLOTS, channel.slots())
                || reply.payloadBytes() < 1
                || reply.payloadBytes()
                        > Math.min(InvocationFrame.MAX_PAYLOAD_BYTES, channel.payloadBytes())) {
            throw new IOException(
                    "it offers an impossible "
                            + reply.slots()
                            + " slots of "
                            + reply.payloadBytes());
        }
        worker = reply;
    }

    VerbsHello.Reply worker() {
        return require(worker);
    }

    IbvPd pd() {
        return require(pd);
    }

    RdmaEventChannel events() {
        return events;
    }

    /** Hands all of it over; {@link #close} leaves it alone from now on. */
    VerbsLink take() {
        taken = true;
        return require(link);
    }

    private static <T> T require(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("not connected");
        }
        return part;
    }

    private OffcutException refused(VerbsHello.Reply reply) {
        String who = "worker " + channel.worker() + " at " + channel.host() + ":" + channel.port();
        if (reply.status() == VerbsHello.UNAUTHORIZED) {
            return new OffcutException(
                    ErrorCode.UNAUTHORIZED,
                    who + " does not accept the secret; open the lease again");
        }
        if (reply.status() == VerbsHello.NO_SUCH_WORKER) {
            return new OffcutException(
                    ErrorCode.NOT_FOUND, "there is no " + who + "; open the lease again");
        }
        return switch (InvocationStatus.of(reply.status())) {
            case WRONG_VERSION ->
                    new OffcutException(
                            ErrorCode.WRONG_VERSION,
                            who
                                    + " speaks frame version "
                                    + reply.version()
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
                                    + InvocationStatus.of(reply.status())
                                    + "; ask for a new lease");
        };
    }

    @Override
    public void close() {
        if (taken) {
            return;
        }
        taken = true;
        if (link != null) {
            link.close();
        } else if (id != null) {
            destroy(id);
        }
        release(pd, events);
    }

    private static void destroy(RdmaCmId id) {
        try {
            int ignored = id.destroyId();
        } catch (IOException e) {
            // The device is gone.
        }
    }

    /** Gives back what a closed link was made with. */
    static void release(@Nullable IbvPd pd, RdmaEventChannel events) {
        try {
            if (pd != null) {
                int ignored = OffcutRdma.verbs().deallocPd(pd);
            }
        } catch (IOException e) {
            // Somebody's memory is still registered there; it goes with the process.
        }
        int ignored = OffcutRdma.cm().destroyEventChannel(events);
    }
}
