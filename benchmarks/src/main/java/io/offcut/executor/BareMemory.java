package io.offcut.executor;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.executor.internal.rdma.PostSend;
import io.offcut.executor.internal.verbs.VerbsLink;
import io.offcut.executor.internal.verbs.VerbsListener;
import io.offcut.executor.internal.verbs.VerbsRoute;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The bare mechanism below remote memory by RDMA: one-sided requests through DiSNI's API on our
 * provider, from registered memory into registered memory, each completed before the next, and
 * nothing else: no copy, no look at a state. Both ends are in this process, of which the device
 * knows nothing: it carries a request out without either. For one thread.
 */
public final class BareMemory implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long PAUSE_NANOS = 1_000_000;
    private static final int DEPTH = 16;

    private final Arena arena = Arena.ofShared();
    private final VerbsRoute route;
    private final VerbsLink link;
    private final Far far;
    private final MemorySegment here;
    private final IbvMr region;
    private final PostSend read;
    private final PostSend write;
    private final PostSend add;
    private final long farAddress;

    /** The other end: registered memory, and a connection to it. */
    private record Far(VerbsListener listener, VerbsLink link, IbvPd pd, IbvMr region) {
        static Far accept(VerbsListener listener, MemorySegment memory) throws IOException {
            NativeCmEvent event = next(listener);
            IbvPd pd = event.getConnIdPriv().getVerbs().allocPd();
            IbvMr region =
                    OffcutRdma.verbs()
                            .register(
                                    pd,
                                    memory,
                                    IbvMr.IBV_ACCESS_LOCAL_WRITE
                                            | IbvMr.IBV_ACCESS_REMOTE_WRITE
                                            | IbvMr.IBV_ACCESS_REMOTE_READ
                                            | IbvMr.IBV_ACCESS_REMOTE_ATOMIC);
            VerbsLink link = new VerbsLink(event.getConnIdPriv(), pd, 0, listener.descriptor());
            byte[] key = ByteBuffer.allocate(Integer.BYTES).putInt(region.getRkey()).array();
            link.id().accept(new ConnectionParameters(key, VerbsLink.RNR_RETRIES));
            NativeCmEvent made = next(listener);
            if (!made.is(EventType.RDMA_CM_EVENT_ESTABLISHED)) {
                throw new IOException("the connection manager says " + made);
            }
            return new Far(listener, link, pd, region);
        }

        private static NativeCmEvent next(VerbsListener listener) throws IOException {
            long begin = System.nanoTime();
            NativeCmEvent event = listener.next();
            while (event == null && System.nanoTime() - begin < PATIENCE_NANOS) {
                LockSupport.parkNanos(PAUSE_NANOS);
                event = listener.next();
            }
            if (event == null) {
                throw new IOException("nobody connects to the bare memory");
            }
            return event;
        }

        void close() throws IOException {
            link.close();
            var _ = region.deregMr().execute();
            int ignored = OffcutRdma.verbs().deallocPd(pd);
            listener.close();
        }
    }

    /**
     * Connects within this process.
     *
     * @param host an address of the device
     * @param bytes of the memory at the other end
     * @param most of one request
     */
    public BareMemory(String host, int bytes, int most) throws IOException {
        MemorySegment there = arena.allocate(bytes, 4096);
        VerbsListener listener = new VerbsListener(host);
        CompletableFuture<Far> accepted = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try {
                        accepted.complete(Far.accept(listener, there));
                    } catch (IOException | RuntimeException e) {
                        accepted.completeExceptionally(e);
                    }
                });
        ChannelDescriptor at =
                new ChannelDescriptor(
                        0, ChannelDescriptor.VERBS, "", host, listener.port(), "", 0, 0);
        route = VerbsRoute.to(at, System.nanoTime() + PATIENCE_NANOS);
        link = VerbsLink.ofOperations(route.id(), route.pd(), DEPTH, route.descriptor());
        VerbsRoute.Answer answer = route.connect(link, new byte[0]);
        far = accepted.join();
        here = arena.allocate(most, 4096);
        region = OffcutRdma.verbs().register(route.pd(), here, IbvMr.IBV_ACCESS_LOCAL_WRITE);
        int key = ByteBuffer.wrap(answer.data()).getInt();
        read = prepare(IbvSendWR.IBV_WR_RDMA_READ, key);
        write = prepare(IbvSendWR.IBV_WR_RDMA_WRITE, key);
        add = prepare(IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD, key);
        add.getWrMod(0).setAtomic(1, 0);
        farAddress = there.address();
    }

    private PostSend prepare(int opcode, int key) {
        PostSend prepared = link.prepare(opcode, new IbvSge());
        PostSend.Request request = prepared.getWrMod(0);
        request.setWr_id(1);
        request.setRkey(key);
        request.getSgeMod(0).setAddr(here.address());
        request.getSgeMod(0).setLkey(region.getLkey());
        return prepared;
    }

    public void read(long offset, int bytes) throws IOException {
        once(read, offset, bytes, 0);
    }

    public void write(long offset, int bytes) throws IOException {
        boolean inline = bytes <= link.maxInlineBytes();
        once(write, offset, bytes, inline ? IbvSendWR.IBV_SEND_INLINE : 0);
    }

    /** Adds one. */
    public void fetchAndAdd(long offset) throws IOException {
        once(add, offset, Long.BYTES, 0);
    }

    private void once(PostSend post, long offset, int bytes, int flags) throws IOException {
        PostSend.Request request = post.getWrMod(0);
        request.setRemote_addr(farAddress + offset);
        request.getSgeMod(0).setLength(bytes);
        request.setSend_flags(flags | IbvSendWR.IBV_SEND_SIGNALED);
        long done = post.post() == 0 ? link.nextSent() : VerbsLink.FAILED;
        while (done == 0) {
            Thread.onSpinWait();
            done = link.nextSent();
        }
        if (done == VerbsLink.FAILED) {
            throw new IOException("a bare request failed");
        }
    }

    @Override
    public void close() throws IOException {
        route.hangUp();
        var _ = region.deregMr().execute();
        route.close();
        far.close();
        arena.close();
    }
}
