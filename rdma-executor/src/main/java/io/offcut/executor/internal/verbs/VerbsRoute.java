package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client's way to whom a channel names: the device that leads there, its protection domain, what
 * was answered to the hello, and what the connection manager says later. For one thread.
 */
public final class VerbsRoute implements AutoCloseable {
    private static final long LOOK_NANOS = 100_000_000;

    /**
     * What became of a request to connect.
     *
     * @param accepted false when it was refused
     * @param data what came along, often longer than what was sent
     */
    @SuppressWarnings("ArrayRecordComponent") // read, and never compared
    public record Answer(boolean accepted, byte[] data) {}

    private final long deadlineNanos;
    private final RdmaEventChannel events;
    private final RdmaCmId id;
    private final IbvPd pd;
    private @Nullable VerbsLink link;
    private long lookedNanos = System.nanoTime();
    private boolean hungUp;
    private boolean closed;

    private VerbsRoute(
            long deadlineNanos, RdmaEventChannel events, InetSocketAddress to, RdmaCmId id)
            throws IOException {
        this.deadlineNanos = deadlineNanos;
        this.events = events;
        this.id = id;
        id.resolveAddr(null, to, leftMillis());
        var _ = await(EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(leftMillis());
        var _ = await(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        this.pd = id.getVerbs().allocPd();
    }

    /**
     * Finds it. Blocks, as {@link #connect} does, at most until the deadline.
     *
     * @throws IOException if no device leads there
     */
    public static VerbsRoute to(ChannelDescriptor channel, long deadlineNanos) throws IOException {
        if (OffcutRdma.upstreamChosen()) {
            throw new IOException("DiSNI's own provider has no private data; unset its choice");
        }
        RdmaEventChannel events = OffcutRdma.cm().createEventChannel();
        RdmaCmId id = null;
        try {
            id = OffcutRdma.cm().createId(events, RdmaCm.RDMA_PS_TCP);
            InetSocketAddress to = new InetSocketAddress(channel.host(), channel.port());
            return new VerbsRoute(deadlineNanos, events, to, id);
        } catch (IOException | RuntimeException e) {
            if (id != null) {
                destroy(id);
            }
            int ignored = OffcutRdma.cm().destroyEventChannel(events);
            throw e;
        }
    }

    public RdmaCmId id() {
        return id;
    }

    /** For the memory of this side, which must be deregistered before {@link #close}. */
    public IbvPd pd() {
        return pd;
    }

    /** Can be read when {@link #look} may have something to see. */
    public int descriptor() {
        return events.getFd();
    }

    /**
     * Asks to be connected, by a link that was made for {@link #id} and is closed here.
     *
     * @throws IOException if there is no answer in time, or none of us is there
     */
    public Answer connect(VerbsLink made, byte[] hello) throws IOException {
        link = made;
        id.connect(new ConnectionParameters(hello, VerbsLink.RNR_RETRIES));
        NativeCmEvent answer = await(EventType.RDMA_CM_EVENT_ESTABLISHED);
        return new Answer(answer.is(EventType.RDMA_CM_EVENT_ESTABLISHED), answer.privateData());
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

    /** Until the deadline. */
    public long leftNanos() {
        return deadlineNanos - System.nanoTime();
    }

    private int leftMillis() {
        return Math.toIntExact(
                Math.clamp(TimeUnit.NANOSECONDS.toMillis(leftNanos()), 1, Integer.MAX_VALUE));
    }

    /**
     * Looks ten times a second, when it is called more often, whether the connection manager says
     * that the connection is over; then the link is {@link VerbsLink#lose lost}.
     *
     * @return whether it looked
     */
    public boolean lookNowAndThen(long nowNanos) {
        if (nowNanos - lookedNanos < LOOK_NANOS) {
            return false;
        }
        lookedNanos = nowNanos;
        look();
        return true;
    }

    /** The same at once. */
    public void look() {
        try {
            NativeCmEvent event = OffcutRdma.cm().getCmEvent(events, 0);
            if (event != null) {
                event.ackEvent();
                if (event.is(EventType.RDMA_CM_EVENT_DISCONNECTED)
                        || event.is(EventType.RDMA_CM_EVENT_DEVICE_REMOVAL)) {
                    lose();
                }
            }
        } catch (IOException e) {
            lose();
        }
    }

    private void lose() {
        if (link != null) {
            link.lose();
        }
    }

    /** Ends the connection: nothing of this side is read or written by the device any more. */
    public void hangUp() {
        if (!hungUp) {
            hungUp = true;
            if (link != null) {
                link.hangUp();
            }
        }
    }

    private static void destroy(RdmaCmId id) {
        try {
            int ignored = id.destroyId();
        } catch (IOException e) {
            // The device is gone.
        }
    }

    /** Gives everything back, {@link #hangUp} first; memory was deregistered before. */
    @Override
    public void close() {
        hangUp();
        if (closed) {
            return;
        }
        closed = true;
        try {
            int ignored = OffcutRdma.verbs().deallocPd(pd);
        } catch (IOException e) {
            // Somebody's memory is still registered there; it goes with the process.
        }
        // It may hold the last of the device that the domain was of.
        destroy(id);
        int ignored = OffcutRdma.cm().destroyEventChannel(events);
    }
}
