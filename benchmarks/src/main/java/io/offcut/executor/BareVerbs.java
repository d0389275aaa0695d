package io.offcut.executor;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCReqNotify;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.NativeQp;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.executor.internal.rdma.PollCq;
import io.offcut.executor.internal.rdma.PostRecv;
import io.offcut.executor.internal.rdma.PostSend;
import io.offcut.executor.internal.rdma.WorkCompletion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.LinkedList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end of the bare mechanism below an invocation by RDMA: a queue pair in DiSNI's API, on our
 * provider, through which each side writes with immediate data into the other's memory, and nothing
 * else: no header, no look at what arrived, no function. It asks the device for what an invocation
 * asks for: a receive for each slot and two more, every 16th send completed, 256 bytes inline.
 *
 * <p>Both have memory for what they send and for what they receive, of {@value #BYTES} bytes, in
 * which the {@value #SLOTS} slots lie one after the other. For one thread. Nothing is allocated
 * once it is connected.
 */
public final class BareVerbs implements AutoCloseable {
    /** Messages that can be under way at once. */
    public static final int SLOTS = 16;

    /** The largest message, which takes all of the memory. */
    public static final int BYTES = 1 << 20;

    /** Of {@link #poll}: nothing has arrived. */
    public static final int NOTHING = Integer.MIN_VALUE;

    private static final int SLOT_BYTES = BYTES / SLOTS;
    private static final int PATIENCE_MILLIS = 60_000;
    private static final int RECEIVES = SLOTS + 2;
    private static final int SENDS_PER_SIGNAL = 16;
    private static final int SEND_DEPTH = 2 * SENDS_PER_SIGNAL + 2 * SLOTS;
    private static final int MOST_INLINE_BYTES = 256;
    private static final int RNR_RETRIES = 7;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(2L * BYTES, 4096);
    private final @Nullable RdmaEventChannel own;
    private final RdmaCmId id;
    private final IbvPd pd;
    private final IbvCompChannel wakes;
    private final IbvCQ arrivals;
    private final IbvCQ sends;
    private final NativeQp qp;
    private final IbvMr region;
    private final PostRecv receive;
    private final PostSend write;
    private final PostSend.Request request;
    private final PostSend.Piece piece;
    private final WorkCompletion[] arrival = WorkCompletion.array(1);
    private final WorkCompletion[] sent = WorkCompletion.array(1);
    private final PollCq pollArrivals;
    private final PollCq pollSends;
    private final SVCReqNotify notify;
    private long posted;
    private long finished;
    private long theirAddress;
    private int theirKey;

    /**
     * @param own of the connection manager's events, if nobody else closes it
     */
    private BareVerbs(RdmaCmId id, @Nullable RdmaEventChannel own) throws IOException {
        this.id = id;
        this.own = own;
        IbvContext device = id.getVerbs();
        pd = device.allocPd();
        wakes = device.createCompChannel();
        arrivals = device.createCQ(wakes, RECEIVES, 0);
        sends = device.createCQ(null, SEND_DEPTH, 0);
        qp = queuePair();
        int access = IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE;
        region = OffcutRdma.verbs().register(pd, memory, access);
        receive = (PostRecv) qp.postRecv(List.of(new IbvRecvWR()), null);
        for (int i = 0; i < RECEIVES; i++) {
            PostRecv ignored = receive.execute();
        }
        write = prepare();
        request = write.getWrMod(0);
        piece = request.getSgeMod(0);
        piece.setLkey(region.getLkey());
        pollArrivals = (PollCq) arrivals.poll(arrival, 1);
        pollSends = (PollCq) sends.poll(sent, 1);
        notify = arrivals.reqNotification(false);
    }

    private NativeQp queuePair() throws IOException {
        IOException refused = new IOException("no queue pair");
        for (int inline = MOST_INLINE_BYTES; inline >= 0; inline = inline == 0 ? -1 : inline / 4) {
            IbvQPInitAttr attributes = new IbvQPInitAttr();
            attributes.setQp_type(IbvQP.IBV_QPT_RC);
            attributes.setSend_cq(sends);
            attributes.setRecv_cq(arrivals);
            attributes.cap().setMax_send_wr(SEND_DEPTH);
            attributes.cap().setMax_recv_wr(RECEIVES);
            attributes.cap().setMax_send_sge(1);
            attributes.cap().setMax_recv_sge(1);
            attributes.cap().setMax_inline_data(inline);
            try {
                return (NativeQp) id.createQP(pd, attributes);
            } catch (IOException e) {
                refused = e;
            }
        }
        throw refused;
    }

    @SuppressWarnings("JdkObsolete") // DiSNI takes no other list
    private PostSend prepare() {
        IbvSendWR wanted = new IbvSendWR();
        wanted.setOpcode(IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM);
        wanted.setSg_list(new LinkedList<>(List.of(new IbvSge())));
        return OffcutRdma.verbs().postSend(qp, List.of(wanted), null);
    }

    // --- connecting

    /** Waits for one connection. */
    public static final class Listener implements AutoCloseable {
        private final RdmaEventChannel events = OffcutRdma.cm().createEventChannel();
        private final RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);

        /** Listens at an address of a device. */
        public Listener(String host) throws IOException {
            id.bindAddr(new InetSocketAddress(host, 0));
            id.listen(1);
        }

        /** Where it does. */
        public int port() throws IOException {
            return ((InetSocketAddress) id.getSource()).getPort();
        }

        /** Blocks until one is made, for a minute at most. */
        public BareVerbs accept() throws IOException {
            NativeCmEvent event = expect(events, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
            BareVerbs end = new BareVerbs(event.getConnIdPriv(), null);
            end.learn(event);
            end.id.accept(new ConnectionParameters(end.hello(), RNR_RETRIES));
            NativeCmEvent ignored = expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED);
            return end;
        }

        /** After the connection. */
        @Override
        public void close() throws IOException {
            int ignored = id.destroyId();
            ignored = events.destroyEventChannel();
        }
    }

    /** Connects to a listener. Blocks for a minute at most. */
    public static BareVerbs connect(String host, int port) throws IOException {
        RdmaEventChannel events = OffcutRdma.cm().createEventChannel();
        RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);
        id.resolveAddr(null, new InetSocketAddress(host, port), PATIENCE_MILLIS);
        NativeCmEvent ignored = expect(events, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(PATIENCE_MILLIS);
        ignored = expect(events, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        BareVerbs end = new BareVerbs(id, events);
        id.connect(new ConnectionParameters(end.hello(), RNR_RETRIES));
        end.learn(expect(events, EventType.RDMA_CM_EVENT_ESTABLISHED));
        return end;
    }

    private static NativeCmEvent expect(RdmaEventChannel events, EventType type)
            throws IOException {
        NativeCmEvent event = OffcutRdma.cm().getCmEvent(events, PATIENCE_MILLIS);
        if (event == null) {
            throw new IOException("the other end of the bare queue pair says nothing");
        }
        event.ackEvent();
        if (!event.is(type)) {
            throw new IOException("the connection manager says " + event + ", not " + type);
        }
        return event;
    }

    /** Where it receives, and the key to that. */
    private byte[] hello() {
        ByteBuffer hello = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);
        return hello.putLong(memory.address() + BYTES).putInt(region.getRkey()).array();
    }

    private void learn(NativeCmEvent event) {
        ByteBuffer hello = ByteBuffer.wrap(event.privateData());
        theirAddress = hello.getLong();
        theirKey = hello.getInt();
    }

    // --- writing

    /** What {@link #send} sends, of one slot and what follows it. */
    public MemorySegment output(int slot) {
        return memory.asSlice((long) slot * SLOT_BYTES, (long) BYTES - (long) slot * SLOT_BYTES);
    }

    /** What has arrived, in one slot and what follows it. */
    public MemorySegment input(int slot) {
        return memory.asSlice(BYTES + (long) slot * SLOT_BYTES, BYTES - (long) slot * SLOT_BYTES);
    }

    /** Writes a slot's output into the other's input, and tells it the number. */
    public void send(int slot, int bytes, int number) throws IOException {
        write(memory.address(), slot, bytes, number);
    }

    /** Writes back what lies in a slot's input, and tells the number. */
    public void sendBack(int slot, int bytes, int number) throws IOException {
        write(memory.address() + BYTES, slot, bytes, number);
    }

    private void write(long from, int slot, int bytes, int number) throws IOException {
        long offset = (long) slot * SLOT_BYTES;
        boolean signaled = (posted + 1) % SENDS_PER_SIGNAL == 0;
        while (posted - finished >= SEND_DEPTH) {
            look();
        }
        piece.setAddr(from + offset);
        piece.setLength(bytes);
        request.setRemote_addr(theirAddress + offset);
        request.setRkey(theirKey);
        request.setImmediate(number);
        request.setWr_id(posted + 1);
        request.setSend_flags(
                (bytes <= qp.maxInlineBytes() ? IbvSendWR.IBV_SEND_INLINE : 0)
                        | (signaled ? IbvSendWR.IBV_SEND_SIGNALED : 0));
        if (write.post() != 0) {
            throw new IOException("the bare queue pair takes no write");
        }
        posted++;
        if (signaled) {
            look();
        }
    }

    private void look() throws IOException {
        int polled = pollSends.poll();
        if (polled < 0 || (polled > 0 && !sent[0].succeeded())) {
            throw new IOException("a bare write failed");
        }
        finished = polled > 0 ? sent[0].getWr_id() : finished;
    }

    // --- receiving

    /** The number that has arrived next, or {@link #NOTHING}. */
    public int poll() throws IOException {
        int polled = pollArrivals.poll();
        if (polled == 0) {
            return NOTHING;
        }
        if (polled < 0 || !arrival[0].succeeded() || receive.post() != 0) {
            throw new IOException("the other end of the bare queue pair is gone");
        }
        return arrival[0].immediate();
    }

    /** As {@link #poll}, but asleep until there is one, or the time is over. */
    public int await(int timeoutMillis) throws IOException {
        SVCReqNotify ignored = notify.execute();
        // It may have come before that, and would then wake nobody.
        int number = poll();
        if (number == NOTHING && wakes.getCqEvent(arrivals, timeoutMillis)) {
            arrivals.ackEvents(1);
            number = poll();
        }
        return number;
    }

    @Override
    public void close() throws IOException {
        int ignored = id.disconnect();
        ignored = id.destroyQP();
        write.free();
        receive.free();
        pollArrivals.free();
        pollSends.free();
        var _ = region.deregMr().execute();
        ignored = arrivals.destroyCQ();
        ignored = sends.destroyCQ();
        ignored = wakes.destroyCompChannel();
        ignored = OffcutRdma.verbs().deallocPd(pd);
        ignored = id.destroyId();
        if (own != null) {
            ignored = own.destroyEventChannel();
        }
        arena.close();
    }
}
