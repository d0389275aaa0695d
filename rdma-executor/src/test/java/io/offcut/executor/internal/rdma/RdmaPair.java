package io.offcut.executor.internal.rdma;

import static org.assertj.core.api.Assertions.assertThat;

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
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.SVCPollCq;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;

/**
 * Two connected ends in one thread, made through DiSNI's API alone but for the parameters of the
 * connection. Each has a buffer that is registered with all rights.
 */
@NullUnmarked
@SuppressWarnings("JdkObsolete") // the type of list that DiSNI wants
final class RdmaPair implements AutoCloseable {
    /** The guest's device. */
    static final String ADDRESS = "10.77.0.1";

    static final int BUFFER_BYTES = 4096;
    static final int PATIENCE_MILLIS = 60_000;

    /** One end. */
    static final class End implements AutoCloseable {
        final RdmaCmId id;
        final IbvPd pd;
        final IbvCompChannel channel;
        final IbvCQ cq;
        final IbvQP qp;
        final ByteBuffer buffer =
                ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder());
        final IbvMr region;
        private final WorkCompletion[] completions = WorkCompletion.array(4);
        private final SVCPollCq poll;

        End(RdmaCmId id) throws IOException {
            this.id = id;
            IbvContext context = id.getVerbs();
            pd = context.allocPd();
            channel = context.createCompChannel();
            cq = context.createCQ(channel, 64, 0);
            IbvQPInitAttr attributes = new IbvQPInitAttr();
            attributes.setQp_type(IbvQP.IBV_QPT_RC);
            attributes.setSend_cq(cq);
            attributes.setRecv_cq(cq);
            attributes.cap().setMax_send_wr(16);
            attributes.cap().setMax_recv_wr(16);
            attributes.cap().setMax_inline_data(64);
            qp = id.createQP(pd, attributes);
            region =
                    pd.regMr(
                                    buffer,
                                    IbvMr.IBV_ACCESS_LOCAL_WRITE
                                            | IbvMr.IBV_ACCESS_REMOTE_WRITE
                                            | IbvMr.IBV_ACCESS_REMOTE_READ
                                            | IbvMr.IBV_ACCESS_REMOTE_ATOMIC)
                            .execute()
                            .free()
                            .getMr();
            poll = cq.poll(completions, completions.length);
        }

        IbvSge piece(int offset, int length) {
            IbvSge piece = new IbvSge();
            piece.setAddr(region.getAddr() + offset);
            piece.setLength(length);
            piece.setLkey(region.getLkey());
            return piece;
        }

        IbvSendWR request(int opcode, IbvSge piece) {
            IbvSendWR request = new IbvSendWR();
            request.setWr_id(opcode);
            request.setOpcode(opcode);
            request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED);
            request.setSg_list(new LinkedList<>(List.of(piece)));
            return request;
        }

        void send(IbvSendWR request) throws IOException {
            qp.postSend(List.of(request), null).execute().free();
        }

        void receive(long id, IbvSge piece) throws IOException {
            IbvRecvWR request = new IbvRecvWR();
            request.setWr_id(id);
            request.setSg_list(new LinkedList<>(List.of(piece)));
            qp.postRecv(List.of(request), null).execute().free();
        }

        /** The next completion. */
        @SuppressWarnings("ThreadPriorityCheck") // one core, which the device needs too
        WorkCompletion next() throws IOException {
            long begin = System.nanoTime();
            SVCPollCq one = cq.poll(new IbvWC[] {completions[0]}, 1);
            while (one.execute().getPolls() == 0) {
                assertThat(System.nanoTime() - begin)
                        .as("nanoseconds without a completion")
                        .isLessThan(PATIENCE_MILLIS * 1_000_000L);
                Thread.onSpinWait();
                Thread.yield();
            }
            one.free();
            return completions[0];
        }

        IbvWC good() throws IOException {
            WorkCompletion completion = next();
            assertThat(completion.succeeded()).as("status %s", completion.getStatus()).isTrue();
            return completion;
        }

        boolean none() throws IOException {
            return poll.execute().getPolls() == 0;
        }

        @Override
        public void close() throws IOException {
            id.destroyQP();
            region.deregMr().execute().free();
            poll.free();
            cq.destroyCQ();
            channel.destroyCompChannel();
            int ignored = OffcutRdma.verbs().deallocPd(pd);
            id.destroyId();
        }
    }

    final RdmaEventChannel serverEvents;
    final RdmaEventChannel clientEvents;
    final RdmaCmId listener;
    End server;
    End client;
    private final List<End> all = new ArrayList<>();

    RdmaPair() throws IOException {
        OffcutRdma.install();
        serverEvents = RdmaEventChannel.createEventChannel();
        clientEvents = RdmaEventChannel.createEventChannel();
        listener = serverEvents.createId(RdmaCm.RDMA_PS_TCP);
        listener.bindAddr(new InetSocketAddress(ADDRESS, 0));
        listener.listen(8);
    }

    /** Connected, without private data. */
    static RdmaPair connected(int rnrRetries) throws IOException {
        RdmaPair pair = new RdmaPair();
        pair.request(new byte[0], rnrRetries);
        RdmaCmId id = pair.requested().getConnIdPriv();
        var _ = pair.accept(id, new byte[0], rnrRetries);
        return pair;
    }

    int port() throws IOException {
        return ((InetSocketAddress) listener.getSource()).getPort();
    }

    NativeCmEvent expect(RdmaEventChannel events, EventType type) throws IOException {
        NativeCmEvent event = (NativeCmEvent) events.getCmEvent(PATIENCE_MILLIS);
        assertThat(event).as("an event").isNotNull();
        event.ackEvent();
        assertThat(event.is(type)).as("%s, expected %s", event, type).isTrue();
        return event;
    }

    void request(byte[] privateData, int rnrRetries) throws IOException {
        RdmaCmId id = clientEvents.createId(RdmaCm.RDMA_PS_TCP);
        id.resolveAddr(null, new InetSocketAddress(ADDRESS, port()), PATIENCE_MILLIS);
        expect(clientEvents, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        id.resolveRoute(PATIENCE_MILLIS);
        expect(clientEvents, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        client = new End(id);
        all.add(client);
        id.connect(new ConnectionParameters(privateData, rnrRetries));
    }

    NativeCmEvent requested() throws IOException {
        return expect(serverEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
    }

    /** Accepts. What the client hears; the server hears of it only when the client has. */
    NativeCmEvent accept(RdmaCmId id, byte[] privateData, int rnrRetries) throws IOException {
        server = new End(id);
        all.add(server);
        id.accept(new ConnectionParameters(privateData, rnrRetries));
        NativeCmEvent heard = expect(clientEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
        NativeCmEvent _ = expect(serverEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
        return heard;
    }

    @Override
    public void close() throws IOException {
        if (server != null) {
            int ignored = client.id.disconnect();
            ignored = server.id.disconnect();
        }
        for (End one : all.reversed()) {
            one.close();
        }
        listener.destroyId();
        clientEvents.destroyEventChannel();
        serverEvents.destroyEventChannel();
    }
}
