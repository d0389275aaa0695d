package io.offcut.executor.internal.rdma;

import static io.offcut.executor.internal.rdma.RdmaPair.ADDRESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import com.ibm.disni.verbs.RdmaVerbs;
import com.ibm.disni.verbs.SVCPollCq;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * DiSNI's API over our provider and a real verbs stack. Runs in the guest, which has a soft-RoCE
 * device, by GuestTest of end-to-end.
 */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DisniInGuest {
    private static final int ENDLESS = 7;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void put(ByteBuffer buffer, int at, String text) {
        buffer.put(at, bytes(text));
    }

    private static String get(ByteBuffer buffer, int at, int length) {
        byte[] got = new byte[length];
        buffer.get(at, got);
        return new String(got, StandardCharsets.UTF_8);
    }

    @SuppressWarnings("EnumOrdinal") // DiSNI's enumeration is that of verbs.h, in its order
    private static IbvWcStatus status(IbvWC completion) {
        return IbvWcStatus.values()[completion.getStatus()];
    }

    @Test
    void theProviderIsOurs() throws IOException {
        OffcutRdma.install();
        assertThat(RdmaCm.open()).isInstanceOf(NativeCm.class);
        assertThat(RdmaVerbs.open()).isSameAs(OffcutRdma.verbs());
    }

    @Test
    void anAddressIsFoundByName() throws IOException {
        assertThat(OffcutRdma.cm().getAddrInfo(ADDRESS, 4711, false))
                .isEqualTo(new InetSocketAddress(ADDRESS, 4711));
        assertThat(OffcutRdma.cm().getAddrInfo(ADDRESS, 4711, true))
                .isEqualTo(new InetSocketAddress(ADDRESS, 4711));
        assertThatThrownBy(() -> OffcutRdma.cm().getAddrInfo("no such host", 1, false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no such host");
    }

    @Test
    void listensOnIpVersionSixToo() throws Exception {
        OffcutRdma.install();
        Inet6Address six =
                NetworkInterface.getByName("eth0")
                        .inetAddresses()
                        .filter(Inet6Address.class::isInstance)
                        .map(Inet6Address.class::cast)
                        .findFirst()
                        .orElseThrow();
        RdmaEventChannel events = RdmaEventChannel.createEventChannel();
        RdmaCmId listener = events.createId(RdmaCm.RDMA_PS_TCP);
        listener.bindAddr(new InetSocketAddress(six, 0));
        listener.listen(1);
        InetSocketAddress bound = (InetSocketAddress) listener.getSource();
        assertThat(bound.getAddress().getAddress()).isEqualTo(six.getAddress());
        assertThat(bound.getPort()).isPositive();
        listener.destroyId();
        events.destroyEventChannel();
    }

    @Test
    void connectingCarriesPrivateDataBothWays() throws Exception {
        try (RdmaPair pair = new RdmaPair()) {
            byte[] most = new byte[ConnectionParameters.MAX_REQUEST_BYTES];
            most[0] = 5;
            most[most.length - 1] = 7;
            pair.request(most, ENDLESS);
            NativeCmEvent request = pair.requested();
            assertThat(request.getListenIdPriv()).isSameAs(pair.listener);
            assertThat(request.privateData()).startsWith(most);
            byte[] answer = new byte[ConnectionParameters.MAX_ACCEPT_BYTES];
            answer[answer.length - 1] = 9;
            NativeCmEvent established = pair.accept(request.getConnIdPriv(), answer, ENDLESS);
            assertThat(established.getStatus()).isZero();
            assertThat(established.privateData()).startsWith(answer);
            assertThat(((InetSocketAddress) pair.client.id.getDestination()).getPort())
                    .isEqualTo(pair.port());
        }
    }

    @Test
    void privateDataThatDoesNotFitIsRefused() throws Exception {
        try (RdmaPair pair = new RdmaPair()) {
            byte[] over = new byte[ConnectionParameters.MAX_REQUEST_BYTES + 1];
            assertThatThrownBy(() -> pair.request(over, ENDLESS)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aRefusalArrivesWithItsData() throws Exception {
        try (RdmaPair pair = new RdmaPair()) {
            pair.request(bytes("please"), ENDLESS);
            RdmaCmId id = pair.requested().getConnIdPriv();
            byte[] why = new byte[ConnectionParameters.MAX_REJECT_BYTES];
            why[0] = 'n';
            why[why.length - 1] = 'o';
            OffcutRdma.cm().reject(id, why);
            id.destroyId();
            NativeCmEvent refused =
                    pair.expect(pair.clientEvents, EventType.RDMA_CM_EVENT_REJECTED);
            assertThat(refused.getStatus()).isNotZero();
            assertThat(refused.privateData()).startsWith(why);
        }
    }

    @Test
    void aPortWhereNobodyListensRefuses() throws Exception {
        int port;
        try (RdmaPair gone = new RdmaPair()) {
            port = gone.port();
        }
        try (RdmaPair pair = new RdmaPair()) {
            RdmaCmId id = pair.clientEvents.createId(RdmaCm.RDMA_PS_TCP);
            id.resolveAddr(null, new InetSocketAddress(ADDRESS, port), RdmaPair.PATIENCE_MILLIS);
            pair.expect(pair.clientEvents, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
            id.resolveRoute(RdmaPair.PATIENCE_MILLIS);
            pair.expect(pair.clientEvents, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
            RdmaPair.End end = new RdmaPair.End(id);
            id.connect(new ConnectionParameters(new byte[0], ENDLESS));
            NativeCmEvent refused =
                    pair.expect(pair.clientEvents, EventType.RDMA_CM_EVENT_REJECTED);
            assertThat(refused.getStatus()).isNotZero();
            end.close();
        }
    }

    @Test
    void noEventInTimeIsNone() throws Exception {
        try (RdmaPair pair = new RdmaPair()) {
            assertThat(pair.serverEvents.getCmEvent(10)).isNull();
        }
    }

    @Test
    void aSendArrivesInTheReceivesMemory() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            pair.server.receive(11, pair.server.piece(100, 50));
            put(pair.client.buffer, 0, "hello");
            pair.client.send(pair.client.request(IbvSendWR.IBV_WR_SEND, pair.client.piece(0, 5)));
            IbvWC received = pair.server.good();
            assertThat(received.getWr_id()).isEqualTo(11);
            assertThat(received.getByte_len()).isEqualTo(5);
            assertThat(get(pair.server.buffer, 100, 5)).isEqualTo("hello");
            assertThat(pair.client.good().getWr_id()).isEqualTo(IbvSendWR.IBV_WR_SEND);
        }
    }

    @Test
    void aWriteWithImmediateIsPostedAgainWithOtherValues() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            IbvSendWR request =
                    pair.client.request(
                            IbvSendWR.IBV_WR_RDMA_WRITE_WITH_IMM, pair.client.piece(0, 3));
            request.getRdma().setRkey(pair.server.region.getRkey());
            request.setSend_flags(IbvSendWR.IBV_SEND_SIGNALED | IbvSendWR.IBV_SEND_INLINE);
            PostSend post = (PostSend) pair.client.qp.postSend(List.of(request), null);
            for (int i = 0; i < 5; i++) {
                pair.server.receive(i, pair.server.piece(0, 0));
                put(pair.client.buffer, 10 * i, "ab" + i);
                post.getWrMod(0).getSgeMod(0).setAddr(pair.client.region.getAddr() + 10L * i);
                post.getWrMod(0).getRdmaMod().setRemote_addr(pair.server.region.getAddr() + i * 8L);
                post.getWrMod(0).setImmediate(-i);
                post.execute();
                assertThat(pair.client.good().getOpcode())
                        .isEqualTo(IbvWC.IbvWcOpcode.IBV_WC_RDMA_WRITE.getOpcode());
                WorkCompletion received = pair.server.next();
                assertThat(received.succeeded()).isTrue();
                assertThat(received.getOpcode())
                        .isEqualTo(IbvWC.IbvWcOpcode.IBV_WC_RECV_RDMA_WITH_IMM.getOpcode());
                assertThat(received.getWc_flags() & WorkCompletion.WITH_IMMEDIATE).isNotZero();
                assertThat(received.immediate()).isEqualTo(-i);
                assertThat(received.getByte_len()).isEqualTo(3);
                assertThat(get(pair.server.buffer, i * 8, 3)).isEqualTo("ab" + i);
            }
            post.free();
            assertThat(((NativeQp) pair.client.qp).workRequests()).isEqualTo(5);
        }
    }

    @Test
    void aReadFetchesWithoutThePeer() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            put(pair.server.buffer, 500, "there");
            IbvSendWR read =
                    pair.client.request(IbvSendWR.IBV_WR_RDMA_READ, pair.client.piece(20, 5));
            read.getRdma().setRemote_addr(pair.server.region.getAddr() + 500);
            read.getRdma().setRkey(pair.server.region.getRkey());
            pair.client.send(read);
            pair.client.good();
            assertThat(get(pair.client.buffer, 20, 5)).isEqualTo("there");
            assertThat(pair.server.none()).isTrue();
        }
    }

    @Test
    void atomicsAddAndSwapAndBringWhatWasThere() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            pair.server.buffer.putLong(64, 40);
            atomic(pair, IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD, 2, 0);
            assertThat(pair.client.buffer.getLong(8)).isEqualTo(40);
            assertThat(pair.server.buffer.getLong(64)).isEqualTo(42);
            atomic(pair, IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP, 42, 7);
            assertThat(pair.client.buffer.getLong(8)).isEqualTo(42);
            assertThat(pair.server.buffer.getLong(64)).isEqualTo(7);
            atomic(pair, IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP, 42, 9);
            assertThat(pair.client.buffer.getLong(8)).isEqualTo(7);
            assertThat(pair.server.buffer.getLong(64)).isEqualTo(7);
        }
    }

    private static void atomic(RdmaPair pair, int opcode, long compareOrAdd, long swap)
            throws IOException {
        IbvSendWR request = pair.client.request(opcode, pair.client.piece(8, 8));
        request.getAtomic().setRemote_addr(pair.server.region.getAddr() + 64);
        request.getAtomic().setRkey(pair.server.region.getRkey());
        request.getAtomic().setCompare_add(compareOrAdd);
        request.getAtomic().setSwap(swap);
        pair.client.send(request);
        pair.client.good();
    }

    @Test
    void aSleeperIsWokenByACompletion() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            pair.server.receive(1, pair.server.piece(0, 8));
            pair.server.cq.reqNotification(false).execute().free();
            assertThat(pair.server.channel.getCqEvent(pair.server.cq, 20)).isFalse();
            pair.client.send(pair.client.request(IbvSendWR.IBV_WR_SEND, pair.client.piece(0, 4)));
            assertThat(pair.server.channel.getCqEvent(pair.server.cq, RdmaPair.PATIENCE_MILLIS))
                    .isTrue();
            pair.server.cq.ackEvents(1);
            assertThat(pair.server.good().getWr_id()).isEqualTo(1);
            // One that was asked for once comes once.
            assertThat(pair.server.channel.getCqEvent(pair.server.cq, 20)).isFalse();
        }
    }

    @Test
    void aQueueIsDestroyedThoughItsEventsWereNotAcknowledged() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            pair.server.receive(1, pair.server.piece(0, 8));
            pair.server.cq.reqNotification(false).execute().free();
            pair.client.send(pair.client.request(IbvSendWR.IBV_WR_SEND, pair.client.piece(0, 4)));
            assertThat(pair.server.channel.getCqEvent(pair.server.cq, RdmaPair.PATIENCE_MILLIS))
                    .isTrue();
        }
    }

    @Test
    void anEmptyQueueHasNoneAndNoMoreThanFitIsPolled() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            assertThat(pair.client.none()).isTrue();
            IbvWC[] two = {new IbvWC(), new IbvWC()};
            assertThatThrownBy(() -> pair.client.cq.poll(two, 3))
                    .isInstanceOf(IllegalArgumentException.class);
            for (int i = 0; i < 5; i++) {
                pair.server.receive(i, pair.server.piece(0, 8));
                pair.client.send(
                        pair.client.request(IbvSendWR.IBV_WR_SEND, pair.client.piece(0, 4)));
                pair.client.good();
            }
            SVCPollCq poll = pair.server.cq.poll(two, 2);
            int seen = 0;
            for (int got = poll.execute().getPolls(); got > 0; got = poll.execute().getPolls()) {
                assertThat(got).isLessThanOrEqualTo(2);
                seen += got;
            }
            assertThat(seen).isEqualTo(5);
            poll.free();
        }
    }

    @Test
    void whatIsOutstandingInAFailedQueuePairIsFlushed() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            pair.server.receive(3, pair.server.piece(0, 8));
            pair.server.receive(4, pair.server.piece(0, 8));
            ((NativeQp) pair.server.qp).fail();
            for (long id = 3; id <= 4; id++) {
                IbvWC flushed = pair.server.next();
                assertThat(status(flushed)).isEqualTo(IbvWcStatus.IBV_WC_WR_FLUSH_ERR);
                assertThat(flushed.getWr_id()).isEqualTo(id);
            }
        }
    }

    @Test
    void aPeerWithoutAReceiveIsGivenUpInTheEnd() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(1)) {
            pair.client.send(pair.client.request(IbvSendWR.IBV_WR_SEND, pair.client.piece(0, 4)));
            assertThat(status(pair.client.next())).isEqualTo(IbvWcStatus.IBV_WC_RNR_RETRY_EXC_ERR);
        }
    }

    @Test
    void aWrongKeyReachesNothing() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            put(pair.server.buffer, 0, "untouched");
            IbvSendWR write =
                    pair.client.request(IbvSendWR.IBV_WR_RDMA_WRITE, pair.client.piece(0, 8));
            write.getRdma().setRemote_addr(pair.server.region.getAddr());
            write.getRdma().setRkey(pair.server.region.getRkey() + 1);
            pair.client.send(write);
            assertThat(status(pair.client.next())).isEqualTo(IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
            assertThat(get(pair.server.buffer, 0, 9)).isEqualTo("untouched");
        }
    }

    @Test
    void aWriteBeyondTheRegionReachesNothing() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            IbvSendWR write =
                    pair.client.request(IbvSendWR.IBV_WR_RDMA_WRITE, pair.client.piece(0, 8));
            write.getRdma()
                    .setRemote_addr(pair.server.region.getAddr() + RdmaPair.BUFFER_BYTES - 4);
            write.getRdma().setRkey(pair.server.region.getRkey());
            pair.client.send(write);
            assertThat(status(pair.client.next())).isEqualTo(IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
        }
    }

    @Test
    void aRegionThatMayNotBeWrittenIsNot() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            ByteBuffer own = ByteBuffer.allocateDirect(64);
            IbvMr readable =
                    pair.server
                            .pd
                            .regMr(own, IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_READ)
                            .execute()
                            .getMr();
            IbvSendWR write =
                    pair.client.request(IbvSendWR.IBV_WR_RDMA_WRITE, pair.client.piece(0, 8));
            write.getRdma().setRemote_addr(readable.getAddr());
            write.getRdma().setRkey(readable.getRkey());
            pair.client.send(write);
            assertThat(status(pair.client.next())).isEqualTo(IbvWcStatus.IBV_WC_REM_ACCESS_ERR);
            readable.deregMr().execute();
        }
    }

    @Test
    void onlyNativeMemoryIsRegistered() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            assertThatThrownBy(() -> pair.client.pd.regMr(ByteBuffer.allocate(8), 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> pair.client.pd.regMr(16, 4096, 1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("4096 bytes");
        }
    }

    @Test
    void theOtherSideHearsOfADisconnect() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            assertThat(pair.client.id.disconnect()).isZero();
            pair.expect(pair.serverEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
            assertThat(pair.server.id.disconnect()).isZero();
            pair.expect(pair.clientEvents, EventType.RDMA_CM_EVENT_DISCONNECTED);
        }
    }

    @Test
    void postingAndPollingAllocateNothing() throws Exception {
        try (RdmaPair pair = RdmaPair.connected(ENDLESS)) {
            IbvSendWR request =
                    pair.client.request(IbvSendWR.IBV_WR_RDMA_WRITE, pair.client.piece(0, 8));
            request.getRdma().setRemote_addr(pair.server.region.getAddr());
            request.getRdma().setRkey(pair.server.region.getRkey());
            PostSend post = (PostSend) pair.client.qp.postSend(List.of(request), null);
            PollCq poll = (PollCq) pair.client.cq.poll(WorkCompletion.array(1), 1);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            for (int batch = 0; batch < 20 && least > 0; batch++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int round = 0; round < 50; round++) {
                    write(post, poll, round);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes allocated in 50 writes").isZero();
            post.free();
            poll.free();
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // one core, which the device needs too
    private static void write(PostSend post, PollCq poll, int round) {
        post.getWrMod(0).setWr_id(round);
        if (post.post() != 0) {
            throw new AssertionError("not posted");
        }
        while (poll.poll() == 0) {
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
