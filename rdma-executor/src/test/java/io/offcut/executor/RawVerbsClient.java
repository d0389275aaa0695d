package io.offcut.executor;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvCQ;
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
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.executor.internal.rdma.PostSend;
import io.offcut.executor.internal.rdma.WorkCompletion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.LinkedList;
import java.util.List;

/** A client of a worker, or of a holder of memory, that need not keep to the protocol. */
@SuppressWarnings("JdkObsolete") // the type of list that DiSNI wants
final class RawVerbsClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    /** Where the reply says so. */
    static final int RKEY_OFFSET = 20;

    private static final int SLOTS_OFFSET = 12;
    private static final int PAYLOAD_OFFSET = 16;
    private static final int STRIDE_OFFSET = 32;

    private static final int ADDRESS_OFFSET = 24;

    final Arena arena = Arena.ofShared();
    final MemorySegment memory = arena.allocate(4096, 4096);
    final NativeCmEvent answer;
    private final RdmaEventChannel events;
    private final RdmaCmId id;
    private final IbvPd pd;
    private final IbvCQ arrivals;
    private final IbvCQ sends;
    private final IbvQP qp;
    final IbvMr region;

    /**
     * Asks to be connected.
     *
     * @param receives how many are posted
     */
    RawVerbsClient(ChannelDescriptor worker, byte[] hello, int receives) throws IOException {
        events = OffcutRdma.cm().createEventChannel();
        id = events.createId(RdmaCm.RDMA_PS_TCP);
        id.resolveAddr(null, new InetSocketAddress(worker.host(), worker.port()), PATIENCE_MILLIS);
        NativeCmEvent _ = next();
        id.resolveRoute(PATIENCE_MILLIS);
        NativeCmEvent _ = next();
        pd = id.getVerbs().allocPd();
        arrivals = id.getVerbs().createCQ(null, 16, 0);
        sends = id.getVerbs().createCQ(null, 16, 0);
        IbvQPInitAttr attributes = new IbvQPInitAttr();
        attributes.setQp_type(IbvQP.IBV_QPT_RC);
        attributes.setSend_cq(sends);
        attributes.setRecv_cq(arrivals);
        attributes.cap().setMax_send_wr(16);
        attributes.cap().setMax_recv_wr(16);
        qp = id.createQP(pd, attributes);
        region =
                OffcutRdma.verbs()
                        .register(
                                pd,
                                memory,
                                IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE);
        for (int i = 0; i < receives; i++) {
            qp.postRecv(List.of(new IbvRecvWR()), null).execute().free();
        }
        id.connect(new ConnectionParameters(hello, 1));
        answer = next();
    }

    /** Asks to be connected, and is gone before it can be answered. */
    static void askAndGo(ChannelDescriptor worker, byte[] hello) throws IOException {
        RdmaEventChannel events = OffcutRdma.cm().createEventChannel();
        RdmaCmId id = events.createId(RdmaCm.RDMA_PS_TCP);
        id.resolveAddr(null, new InetSocketAddress(worker.host(), worker.port()), PATIENCE_MILLIS);
        NativeCmEvent _ = next(events);
        id.resolveRoute(PATIENCE_MILLIS);
        NativeCmEvent _ = next(events);
        id.connect(new ConnectionParameters(hello, 1));
        int ignored = id.destroyId();
        ignored = events.destroyEventChannel();
    }

    /** A hello as it should be. */
    static byte[] hello() {
        return ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x4856464F)
                .putShort(InvocationFrame.VERSION)
                .putShort((short) 0)
                .put(HexFormat.of().parseHex(TestExecutor.SECRET))
                .array();
    }

    private NativeCmEvent next() throws IOException {
        return next(events);
    }

    private static NativeCmEvent next(RdmaEventChannel events) throws IOException {
        NativeCmEvent event = OffcutRdma.cm().getCmEvent(events, PATIENCE_MILLIS);
        assertThat(event).as("an event").isNotNull();
        event.ackEvent();
        return event;
    }

    boolean refused() {
        return answer.is(EventType.RDMA_CM_EVENT_REJECTED);
    }

    /** A word of what the worker answered. */
    int answered(int offset) {
        return MemorySegment.ofArray(answer.privateData())
                .get(JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), offset);
    }

    /** Where the worker's region begins. */
    long regionAddress() {
        return answeredLong(ADDRESS_OFFSET);
    }

    /** From the region's begin to its end. */
    long regionBytes() {
        return (answered(SLOTS_OFFSET) - 1) * answeredLong(STRIDE_OFFSET)
                + InvocationFrame.HEADER_BYTES
                + answered(PAYLOAD_OFFSET);
    }

    long answeredLong(int offset) {
        return MemorySegment.ofArray(answer.privateData())
                .get(JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), offset);
    }

    /** Writes the beginning of the memory to the worker's region, this far from its first frame. */
    void write(int bytes, long offset, int immediate) throws IOException {
        post(
                IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM,
                bytes,
                regionAddress() + offset,
                answered(RKEY_OFFSET),
                immediate);
    }

    /** Reads or writes what is at an address of the other side, from or to the memory's begin. */
    void post(int opcode, int bytes, long address, int rkey, int immediate) throws IOException {
        IbvSge piece = new IbvSge();
        piece.setAddr(memory.address());
        piece.setLength(bytes);
        piece.setLkey(region.getLkey());
        IbvSendWR request = new IbvSendWR();
        request.setOpcode(opcode);
        request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
        request.setSg_list(new LinkedList<>(List.of(piece)));
        request.getRdma().setRkey(rkey);
        request.getRdma().setRemote_addr(address);
        PostSend post = OffcutRdma.verbs().postSend(qp, List.of(request), null);
        post.getWrMod(0).setImmediate(immediate);
        post.execute().free();
    }

    /** What arrives next from the worker, or becomes of a receive. */
    WorkCompletion arrived() throws IOException {
        return completion(arrivals);
    }

    /** What became of the next write. */
    WorkCompletion written() throws IOException {
        return completion(sends);
    }

    @SuppressWarnings("ThreadPriorityCheck") // one core, which the device needs too
    private static WorkCompletion completion(IbvCQ cq) throws IOException {
        WorkCompletion[] one = WorkCompletion.array(1);
        long begin = System.nanoTime();
        while (cq.poll(one, 1).execute().getPolls() == 0) {
            assertThat(System.nanoTime() - begin).isLessThan(PATIENCE_MILLIS * 1_000_000L);
            Thread.yield();
        }
        return one[0];
    }

    /** Waits until the worker has ended the connection. */
    void awaitEnd() throws IOException {
        assertThat(next().is(EventType.RDMA_CM_EVENT_DISCONNECTED)).isTrue();
    }

    @Override
    public void close() throws IOException {
        int ignored = id.disconnect();
        ignored = id.destroyQP();
        var _ = region.deregMr().execute();
        ignored = arrivals.destroyCQ();
        ignored = sends.destroyCQ();
        ignored = OffcutRdma.verbs().deallocPd(pd);
        ignored = id.destroyId();
        ignored = events.destroyEventChannel();
        arena.close();
    }
}
