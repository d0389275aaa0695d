package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaVerbs;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import io.offcut.linux.CFunction;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** DiSNI's verbs on libibverbs. Thread-safe as far as libibverbs is; the calls it makes are not. */
public final class NativeVerbs extends RdmaVerbs {
    private static final int ENOMEM = 12;

    NativeVerbs() {}

    /** Whether the device carries out atomic operations. Not in DiSNI. */
    public boolean hasAtomics(IbvContext context) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(Layout.DEVICE_ATTR_BYTES, Long.BYTES);
            int ignored =
                    check(
                            "ibv_query_device",
                            RdmaLibraries.get()
                                    .queryDevice
                                    .call(((NativeContext) context).address, attributes.address()));
            return attributes.get(ValueLayout.JAVA_INT, Layout.DEVICE_ATTR_ATOMIC_CAP) != 0;
        }
    }

    @Override
    public IbvPd allocPd(IbvContext context) throws IOException {
        NativeContext of = (NativeContext) context;
        long address = RdmaLibraries.get().allocPd.call(of.address);
        if (address == 0) {
            throw RdmaLibraries.failed("ibv_alloc_pd");
        }
        return new NativePd(address, of);
    }

    @Override
    public IbvCompChannel createCompChannel(IbvContext context) throws IOException {
        NativeContext of = (NativeContext) context;
        long address = RdmaLibraries.get().createCompChannel.call(of.address);
        if (address == 0) {
            throw RdmaLibraries.failed("ibv_create_comp_channel");
        }
        return new NativeCompChannel(address, of);
    }

    /**
     * Makes a completion queue.
     *
     * @param channel null for a queue that is only polled
     */
    @Override
    public IbvCQ createCQ(
            IbvContext context, @Nullable IbvCompChannel channel, int entries, int vector)
            throws IOException {
        NativeContext of = (NativeContext) context;
        NativeCompChannel events = (NativeCompChannel) channel;
        long address =
                RdmaLibraries.get()
                        .createCq
                        .call(of.address, entries, 0, events == null ? 0 : events.address, vector);
        if (address == 0) {
            throw RdmaLibraries.failed("ibv_create_cq of " + entries + " entries");
        }
        return new NativeCq(address, of, events);
    }

    /**
     * Takes an event of the channel, which is to be acknowledged.
     *
     * @param cq not looked at: the event says of which queue it is
     * @param timeoutMillis −1 for ever
     * @return whether there was one
     */
    @Override
    public boolean getCqEvent(IbvCompChannel channel, @Nullable IbvCQ cq, int timeoutMillis)
            throws IOException {
        NativeCompChannel events = (NativeCompChannel) channel;
        long timeoutNanos =
                timeoutMillis < 0 ? Long.MAX_VALUE : TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        if (!events.watch.await(timeoutNanos)) {
            return false;
        }
        takeCqEvent(events, (NativeCq) cq);
        return true;
    }

    /** Takes the event that the channel has, and counts it for its queue. */
    private static void takeCqEvent(NativeCompChannel events, @Nullable NativeCq cq)
            throws IOException {
        long event = events.event();
        if ((int) RdmaLibraries.get().getCqEvent.call(events.address, event, event + Long.BYTES)
                != 0) {
            throw RdmaLibraries.failed("ibv_get_cq_event");
        }
        if (cq != null && RawMemory.getLong(event) == cq.address) {
            cq.event();
        } else {
            // Nobody else could acknowledge it.
            long ignored = RdmaLibraries.get().ackCqEvents.call(RawMemory.getLong(event), 1);
        }
    }

    @Override
    public int ackCqEvents(IbvCQ cq, int events) {
        NativeCq of = (NativeCq) cq;
        int taken = of.takeUnacknowledged(events);
        if (taken > 0) {
            long ignored = RdmaLibraries.get().ackCqEvents.call(of.address, taken);
        }
        return 0;
    }

    @Override
    public SVCRegMr regMr(IbvPd pd, ByteBuffer buffer, int access) throws IOException {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("only a direct buffer can be registered");
        }
        return new Registered(
                register(pd, MemorySegment.ofBuffer(buffer.duplicate().clear()), access));
    }

    @Override
    public SVCRegMr regMr(IbvPd pd, long address, int bytes, int access) throws IOException {
        return new Registered(register((NativePd) pd, address, bytes, access));
    }

    /** Registers memory of any size, which must stay mapped until it is deregistered. */
    public IbvMr register(IbvPd pd, MemorySegment memory, int access) throws IOException {
        return register((NativePd) pd, memory.address(), memory.byteSize(), access);
    }

    private static NativeMr register(NativePd pd, long start, long bytes, int access)
            throws IOException {
        long address = RdmaLibraries.get().regMr.call(pd.address, start, bytes, access);
        if (address == 0) {
            int errno = CFunction.errno();
            String hint = errno == ENOMEM ? "; raise the memlock limit (ulimit -l)" : "";
            throw new IOException(
                    "cannot register "
                            + bytes
                            + " bytes for RDMA: "
                            + CFunction.text(errno)
                            + hint);
        }
        return new NativeMr(address, (NativeContext) pd.getContext(), start, bytes, access);
    }

    /** None: it is not needed here. */
    @Override
    public int queryOdpSupport(IbvContext context) {
        return 0;
    }

    /** Does nothing: it would only bring pages early. */
    @Override
    public int expPrefetchMr(IbvMr region, long address, int bytes) {
        return 0;
    }

    @Override
    public SVCDeregMr deregMr(IbvMr region) {
        return new Deregistering((NativeMr) region);
    }

    @Override
    public PostSend postSend(IbvQP qp, List<IbvSendWR> requests, @Nullable List<IbvSendWR> bad) {
        return new PostSend((NativeQp) qp, requests);
    }

    @Override
    public PostRecv postRecv(IbvQP qp, List<IbvRecvWR> requests, @Nullable List<IbvRecvWR> bad) {
        return new PostRecv((NativeQp) qp, requests);
    }

    @Override
    public PollCq pollCQ(IbvCQ cq, IbvWC[] completions, int limit) {
        return new PollCq((NativeCq) cq, completions, limit);
    }

    @Override
    public SVCReqNotify reqNotifyCQ(IbvCQ cq, boolean solicitedOnly) {
        return new Notifying((NativeCq) cq, solicitedOnly);
    }

    @Override
    public int destroyCompChannel(IbvCompChannel channel) throws IOException {
        channel.close();
        return check(
                "ibv_destroy_comp_channel",
                RdmaLibraries.get().destroyCompChannel.call(((NativeCompChannel) channel).address));
    }

    @Override
    public int deallocPd(IbvPd pd) throws IOException {
        pd.close();
        return check("ibv_dealloc_pd", RdmaLibraries.get().deallocPd.call(((NativePd) pd).address));
    }

    /** Acknowledges what was not, since it would wait for that. */
    @Override
    public int destroyCQ(IbvCQ cq) throws IOException {
        cq.close();
        int ignored = ackCqEvents(cq, Integer.MAX_VALUE);
        return check("ibv_destroy_cq", RdmaLibraries.get().destroyCq.call(((NativeCq) cq).address));
    }

    private static int check(String what, long errno) throws IOException {
        if ((int) errno != 0) {
            throw RdmaLibraries.failed(what, Math.abs((int) errno));
        }
        return 0;
    }

    private static final class Registered extends SVCRegMr {
        private final IbvMr region;

        Registered(IbvMr region) {
            this.region = region;
        }

        /** It was registered when the call was made, as in DiSNI's own provider. */
        @Override
        public SVCRegMr execute() {
            return this;
        }

        @Override
        public IbvMr getMr() {
            return region;
        }

        @Override
        public boolean isValid() {
            return region.isOpen();
        }

        @Override
        public SVCRegMr free() {
            return this;
        }
    }

    private static final class Deregistering extends SVCDeregMr {
        private final NativeMr region;

        Deregistering(NativeMr region) {
            this.region = region;
        }

        @Override
        public SVCDeregMr execute() throws IOException {
            if (region.isOpen()) {
                region.close();
                int ignored =
                        check("ibv_dereg_mr", RdmaLibraries.get().deregMr.call(region.address));
            }
            return this;
        }

        @Override
        public boolean isValid() {
            return region.isOpen();
        }

        @Override
        public SVCDeregMr free() {
            return this;
        }
    }

    private static final class Notifying extends SVCReqNotify {
        private final NativeCq cq;
        private final long solicitedOnly;

        Notifying(NativeCq cq, boolean solicitedOnly) {
            this.cq = cq;
            this.solicitedOnly = solicitedOnly ? 1 : 0;
        }

        @Override
        public SVCReqNotify execute() throws IOException {
            int ignored =
                    check("ibv_req_notify_cq", cq.of.reqNotifyCq.call(cq.address, solicitedOnly));
            return this;
        }

        @Override
        public boolean isValid() {
            return cq.isOpen();
        }

        @Override
        public SVCReqNotify free() {
            return this;
        }
    }
}
