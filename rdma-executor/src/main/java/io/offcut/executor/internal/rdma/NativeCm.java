package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPCap;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.offcut.linux.CFunction;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * DiSNI's connection manager on librdmacm. Thread-safe as far as librdmacm is: one thread for each
 * event channel, and destroying an identifier waits until its events are acknowledged.
 */
public final class NativeCm extends RdmaCm {
    private static final int DEFAULT_SGES = 4;
    private static final int RAI_PASSIVE = 1;
    private static final int FAILED = -1;
    private static final int EAGAIN = 11;

    NativeCm() {}

    @Override
    public RdmaEventChannel createEventChannel() throws IOException {
        long address = RdmaLibraries.get().cmCreateEventChannel.call(0);
        if (address == 0) {
            throw RdmaLibraries.failed("rdma_create_event_channel");
        }
        return new NativeEventChannel(address);
    }

    @Override
    public RdmaCmId createId(RdmaEventChannel channel, short portSpace) throws IOException {
        NativeEventChannel events = (NativeEventChannel) channel;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(JAVA_LONG);
            check(
                    "rdma_create_id",
                    RdmaLibraries.get()
                            .cmCreateId
                            .call(events.address, made.address(), 0, portSpace & 0xFFFF));
            return known(events, made.get(JAVA_LONG, 0), portSpace);
        }
    }

    private static NativeCmId known(NativeEventChannel events, long address, int portSpace)
            throws IOException {
        NativeCmId id = new NativeCmId(address, events, portSpace);
        events.ids.put(address, id);
        return id;
    }

    /**
     * Makes the identifier's queue pair. The attributes get what it has: it may be more than asked.
     *
     * @param pd null for librdmacm's own
     */
    @Override
    public IbvQP createQP(RdmaCmId id, @Nullable IbvPd pd, IbvQPInitAttr attributes)
            throws IOException {
        NativeCmId of = (NativeCmId) id;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = write(attributes, arena);
            check(
                    "rdma_create_qp",
                    RdmaLibraries.get()
                            .cmCreateQp
                            .call(
                                    of.address(),
                                    pd == null ? 0 : ((NativePd) pd).address,
                                    memory.address()));
            read(memory, attributes.cap());
        }
        NativeContext context = (NativeContext) of.getVerbs();
        if (context == null) {
            throw new IOException("rdma_create_qp left no device");
        }
        NativeQp qp =
                new NativeQp(
                        RawMemory.getLong(of.address() + Layout.CM_ID_QP), context, pd, attributes);
        of.queuePair(qp);
        return qp;
    }

    static MemorySegment write(IbvQPInitAttr from, Arena arena) {
        MemorySegment to = arena.allocate(Layout.QP_INIT_ATTR_BYTES, Long.BYTES);
        IbvQPCap cap = from.cap();
        to.set(JAVA_LONG, Layout.QP_INIT_ATTR_SEND_CQ, ((NativeCq) from.getSend_cq()).address);
        to.set(JAVA_LONG, Layout.QP_INIT_ATTR_RECV_CQ, ((NativeCq) from.getRecv_cq()).address);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_SEND_WR, cap.getMax_send_wr());
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_RECV_WR, cap.getMax_recv_wr());
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_SEND_SGE, orDefault(cap.getMax_send_sge()));
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_RECV_SGE, orDefault(cap.getMax_recv_sge()));
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_INLINE_DATA, cap.getMax_inline_data());
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_QP_TYPE, from.getQp_type());
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_SQ_SIG_ALL, from.getSq_sig_all());
        return to;
    }

    private static int orDefault(int sges) {
        return sges == 0 ? DEFAULT_SGES : sges;
    }

    private static void read(MemorySegment from, IbvQPCap to) {
        to.setMax_send_wr(from.get(JAVA_INT, Layout.QP_INIT_ATTR_MAX_SEND_WR));
        to.setMax_recv_wr(from.get(JAVA_INT, Layout.QP_INIT_ATTR_MAX_RECV_WR));
        to.setMax_send_sge(from.get(JAVA_INT, Layout.QP_INIT_ATTR_MAX_SEND_SGE));
        to.setMax_recv_sge(from.get(JAVA_INT, Layout.QP_INIT_ATTR_MAX_RECV_SGE));
        to.setMax_inline_data(from.get(JAVA_INT, Layout.QP_INIT_ATTR_MAX_INLINE_DATA));
    }

    @Override
    public void bindAddr(RdmaCmId id, SocketAddress address) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = SocketAddresses.write((InetSocketAddress) address, arena);
            check(
                    "rdma_bind_addr to " + address,
                    RdmaLibraries.get().cmBindAddr.call(address(id), to.address()));
        }
    }

    @Override
    public void listen(RdmaCmId id, int backlog) throws IOException {
        check("rdma_listen", RdmaLibraries.get().cmListen.call(address(id), backlog));
    }

    /**
     * Begins to find the device that leads there.
     *
     * @param source null for whichever leads there
     */
    @Override
    public void resolveAddr(
            RdmaCmId id,
            @Nullable SocketAddress source,
            SocketAddress destination,
            int timeoutMillis)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from =
                    source == null
                            ? MemorySegment.NULL
                            : SocketAddresses.write((InetSocketAddress) source, arena);
            MemorySegment to = SocketAddresses.write((InetSocketAddress) destination, arena);
            check(
                    "rdma_resolve_addr of " + destination,
                    RdmaLibraries.get()
                            .cmResolveAddr
                            .call(address(id), from.address(), to.address(), timeoutMillis));
        }
    }

    @Override
    public void resolveRoute(RdmaCmId id, int timeoutMillis) throws IOException {
        check(
                "rdma_resolve_route",
                RdmaLibraries.get().cmResolveRoute.call(address(id), timeoutMillis));
    }

    /**
     * The next event of the channel.
     *
     * @param timeoutMillis −1 for ever
     * @return null when there was none in time
     */
    @Override
    public @Nullable NativeCmEvent getCmEvent(RdmaEventChannel channel, int timeoutMillis)
            throws IOException {
        NativeEventChannel events = (NativeEventChannel) channel;
        long timeoutNanos =
                timeoutMillis < 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        if (!events.watch.await(timeoutNanos)) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment got = arena.allocate(JAVA_LONG);
            if ((int) RdmaLibraries.get().cmGetEvent.call(events.address, got.address()) != 0) {
                if (CFunction.errno() == EAGAIN) {
                    return null;
                }
                throw RdmaLibraries.failed("rdma_get_cm_event");
            }
            return event(events, got.get(JAVA_LONG, 0));
        }
    }

    private static NativeCmEvent event(NativeEventChannel events, long address) throws IOException {
        long connection = RawMemory.getLong(address + Layout.CM_EVENT_ID);
        NativeCmId listening =
                events.ids.get(RawMemory.getLong(address + Layout.CM_EVENT_LISTEN_ID));
        NativeCmId of = events.ids.get(connection);
        if (of == null) {
            of = known(events, connection, listening == null ? RDMA_PS_TCP : listening.getPs());
        }
        return new NativeCmEvent(address, listening, of);
    }

    @Override
    public void connect(RdmaCmId id, RdmaConnParam parameters) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = ConnectionParameters.write(parameters, arena);
            check(
                    "rdma_connect",
                    RdmaLibraries.get().cmConnect.call(address(id), memory.address()));
        } finally {
            // They own the private data, of which the library has only the address.
            Reference.reachabilityFence(parameters);
        }
    }

    @Override
    public void accept(RdmaCmId id, RdmaConnParam parameters) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = ConnectionParameters.write(parameters, arena);
            check("rdma_accept", RdmaLibraries.get().cmAccept.call(address(id), memory.address()));
        } finally {
            // As above.
            Reference.reachabilityFence(parameters);
        }
    }

    /** Refuses a request to connect; the peer's event has the data. Not in DiSNI. */
    public void reject(RdmaCmId id, byte[] privateData) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, privateData.length));
            MemorySegment.copy(privateData, 0, data, JAVA_BYTE, 0, privateData.length);
            check(
                    "rdma_reject",
                    RdmaLibraries.get()
                            .cmReject
                            .call(address(id), data.address(), privateData.length));
        }
    }

    /**
     * The address that rdma_getaddrinfo(3) leads to. Not in DiSNI.
     *
     * @param passive to listen there
     */
    public InetSocketAddress getAddrInfo(String host, int port, boolean passive)
            throws IOException {
        RdmaLibraries libraries = RdmaLibraries.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment hints = arena.allocate(Layout.ADDRINFO_BYTES, Long.BYTES);
            hints.set(JAVA_INT, Layout.ADDRINFO_FLAGS, passive ? RAI_PASSIVE : 0);
            hints.set(JAVA_INT, Layout.ADDRINFO_PORT_SPACE, RDMA_PS_TCP);
            MemorySegment got = arena.allocate(JAVA_LONG);
            check(
                    "rdma_getaddrinfo of " + host,
                    libraries.cmGetAddrInfo.call(
                            arena.allocateFrom(host).address(),
                            arena.allocateFrom(Integer.toString(port)).address(),
                            hints.address(),
                            got.address()));
            long info = got.get(JAVA_LONG, 0);
            try {
                int offset = passive ? Layout.ADDRINFO_SRC_ADDR : Layout.ADDRINFO_DST_ADDR;
                InetSocketAddress found = SocketAddresses.read(RawMemory.getLong(info + offset));
                if (found == null) {
                    throw new IOException("rdma_getaddrinfo of " + host + " led to no IP address");
                }
                return found;
            } finally {
                long ignored = libraries.cmFreeAddrInfo.call(info);
            }
        }
    }

    @Override
    public int ackCmEvent(RdmaCmEvent event) {
        ((NativeCmEvent) event).acknowledge();
        return 0;
    }

    /**
     * Begins to disconnect.
     *
     * @return 0, or −1 when it was not connected
     */
    @Override
    public int disconnect(RdmaCmId id) throws IOException {
        return (int) RdmaLibraries.get().cmDisconnect.call(address(id)) == 0 ? 0 : FAILED;
    }

    @Override
    public int destroyEventChannel(RdmaEventChannel channel) {
        channel.close();
        long ignored =
                RdmaLibraries.get()
                        .cmDestroyEventChannel
                        .call(((NativeEventChannel) channel).address);
        return 0;
    }

    @Override
    public int destroyCmId(RdmaCmId id) throws IOException {
        long address = address(id);
        ((NativeCmId) id).forget();
        check("rdma_destroy_id", RdmaLibraries.get().cmDestroyId.call(address));
        return 0;
    }

    @Override
    public int destroyQP(RdmaCmId id) throws IOException {
        NativeCmId of = (NativeCmId) id;
        IbvQP qp = of.getQp();
        if (qp != null) {
            long address = of.address();
            qp.close();
            of.queuePair(null);
            long ignored = RdmaLibraries.get().cmDestroyQp.call(address);
        }
        return 0;
    }

    @Override
    public @Nullable SocketAddress getSrcAddr(RdmaCmId id) throws IOException {
        return SocketAddresses.read(address(id) + Layout.CM_ID_SRC_ADDR);
    }

    @Override
    public @Nullable SocketAddress getDstAddr(RdmaCmId id) throws IOException {
        return SocketAddresses.read(address(id) + Layout.CM_ID_DST_ADDR);
    }

    @Override
    public int destroyEp(RdmaCmId id) throws IOException {
        long address = address(id);
        ((NativeCmId) id).forget();
        long ignored = RdmaLibraries.get().cmDestroyEp.call(address);
        return 0;
    }

    private static long address(RdmaCmId id) throws IOException {
        return ((NativeCmId) id).address();
    }

    private static void check(String what, long result) throws IOException {
        if ((int) result != 0) {
            throw RdmaLibraries.failed(what);
        }
    }
}
