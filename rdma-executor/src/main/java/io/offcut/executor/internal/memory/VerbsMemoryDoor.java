package io.offcut.executor.internal.memory;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.executor.internal.verbs.VerbsLink;
import io.offcut.executor.internal.verbs.VerbsListener;
import io.offcut.executor.internal.verbs.VerbsSecret;
import io.offcut.linux.DescriptorWatch;
import io.offcut.linux.Wakeup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a holder's clients come in by RDMA. Who connects shows the secret in the request itself,
 * and is refused before any memory is told of. After that the device carries out what a client asks
 * for and this process does nothing. The memory is registered when the first client comes, no more
 * of it than the lease has, and of its header the state alone, to be read. All is in one protection
 * domain.
 *
 * <p>What is registered is this lease's until it is deregistered, whatever becomes of the file: an
 * access is carried out on what was there, or fails. One thread makes connections and ends them.
 */
final class VerbsMemoryDoor {
    private static final int MAX_CONNECTIONS = 64;
    private static final long LOOK_NANOS = 600_000_000_000L;
    private static final long LAST_WORDS_NANOS = 100_000_000;
    private static final long END_MILLIS = 400;
    private static final long PROBE_NANOS = 1_000_000_000;

    private final VerbsSecret secret;
    private final MemoryMapping mapping;
    private final VerbsListener listener;
    private final Wakeup wakeup;
    private final DescriptorWatch watch;
    private final Thread thread;
    private final Map<RdmaCmId, VerbsLink> links = new HashMap<>();
    private final List<IbvMr> regions = new ArrayList<>();
    private @Nullable IbvPd pd;
    private long probedNanos = System.nanoTime() - PROBE_NANOS;
    private volatile @Nullable MemoryStatus over;

    /**
     * Listens.
     *
     * @param host an address of the device
     * @throws IOException if no device has the address, it may not be used, or is not able to
     * @throws io.offcut.core.OffcutException if it cannot be a secret, or no descriptor is left
     */
    VerbsMemoryDoor(String host, String secret, MemoryMapping mapping) throws IOException {
        this.secret = VerbsSecret.of(secret);
        this.mapping = mapping;
        this.listener = new VerbsListener(host);
        try {
            if (!OffcutRdma.verbs().hasAtomics(listener.device())) {
                throw new IOException("the device with the address " + host + " has no atomics");
            }
            this.wakeup = new Wakeup();
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
        this.watch = new DescriptorWatch(listener.descriptor(), wakeup.descriptor());
        this.thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("verbs-door")
                        .uncaughtExceptionHandler(
                                (_, defect) -> complain("nobody can connect any more", defect))
                        .start(this::run);
    }

    int port() {
        return listener.port();
    }

    private void run() {
        try {
            while (over == null) {
                boolean ignored = watch.await(LOOK_NANOS);
                hearAll();
            }
        } finally {
            MemoryStatus why = over;
            sayLastWords(why == null ? MemoryStatus.LOST : why);
            takeBack();
            listener.close();
        }
    }

    private void hearAll() {
        try {
            for (NativeCmEvent event = listener.next(); event != null; event = listener.next()) {
                hear(event);
            }
        } catch (IOException e) {
            complain("no event could be had", e);
        }
    }

    private static void complain(String what, Throwable why) {
        System.err.println("offcut executor: rdma: " + what + ": " + why.getMessage());
    }

    /** What fails for one connection is said, and the others go on. */
    private void hear(NativeCmEvent event) {
        try {
            RdmaCmId id = event.getConnIdPriv();
            if (event.is(EventType.RDMA_CM_EVENT_CONNECT_REQUEST)) {
                judge(id, event.privateData());
            } else if (event.is(EventType.RDMA_CM_EVENT_DEVICE_REMOVAL)) {
                // The device does not go before it has back all that was made with it.
                takeBack();
                if (listener.isOwn(event)) {
                    listener.leaveDevice();
                }
            } else if (event.is(EventType.RDMA_CM_EVENT_DISCONNECTED)
                    || event.is(EventType.RDMA_CM_EVENT_CONNECT_ERROR)
                    || event.is(EventType.RDMA_CM_EVENT_UNREACHABLE)
                    || event.is(EventType.RDMA_CM_EVENT_REJECTED)) {
                VerbsLink ended = links.remove(id);
                if (ended != null) {
                    ended.close();
                }
            }
        } catch (IOException | RuntimeException e) {
            complain("after " + event, e);
        }
    }

    private void judge(RdmaCmId id, byte[] request) throws IOException {
        int status = VerbsMemoryHello.check(request, secret);
        if (status == 0) {
            status = state();
        }
        if (status == 0) {
            status = accept(id);
        }
        if (status != 0) {
            VerbsListener.refuse(id, VerbsMemoryHello.Reply.refusal(status).encoded());
        }
    }

    private int state() {
        try {
            return Math.min(0, mapping.state());
        } catch (InternalError e) {
            complain("its owner has cut the memory off", e);
            return VerbsMemoryHello.CANNOT;
        }
    }

    /**
     * @return 0, or why not; then the identifier is left as it was
     */
    private int accept(RdmaCmId id) {
        if (links.size() == MAX_CONNECTIONS) {
            probeAll();
        }
        if (links.size() == MAX_CONNECTIONS) {
            return VerbsMemoryHello.CANNOT;
        }
        VerbsLink link = null;
        try {
            IbvPd domain = register(id);
            link = new VerbsLink(id, domain, 0, wakeup.descriptor());
            id.accept(new ConnectionParameters(reply().encoded(), VerbsLink.RNR_RETRIES));
            links.put(id, link);
            return 0;
        } catch (IOException | RuntimeException e) {
            complain("cannot serve memory", e);
            if (link != null) {
                link.giveBack();
            }
            return VerbsMemoryHello.CANNOT;
        }
    }

    /** Ends those who did not answer the last time: clients that are silently cut off. */
    private void probeAll() {
        for (VerbsLink link : List.copyOf(links.values())) {
            if (link.next() == VerbsLink.BROKEN) {
                var _ = links.remove(link.id());
                link.close();
            }
        }
        if (System.nanoTime() - probedNanos >= PROBE_NANOS) {
            probedNanos = System.nanoTime();
            links.values().forEach(VerbsLink::probe);
        }
    }

    /** The first time. */
    private IbvPd register(RdmaCmId id) throws IOException {
        IbvPd domain = pd;
        if (domain == null) {
            domain = id.getVerbs().allocPd();
            pd = domain;
        }
        if (regions.isEmpty()) {
            IbvMr memory =
                    OffcutRdma.verbs()
                            .register(
                                    domain,
                                    mapping.memory(),
                                    IbvMr.IBV_ACCESS_LOCAL_WRITE
                                            | IbvMr.IBV_ACCESS_REMOTE_WRITE
                                            | IbvMr.IBV_ACCESS_REMOTE_READ
                                            | IbvMr.IBV_ACCESS_REMOTE_ATOMIC);
            regions.add(memory);
            try {
                regions.add(
                        OffcutRdma.verbs()
                                .register(
                                        domain, mapping.stateWord(), IbvMr.IBV_ACCESS_REMOTE_READ));
            } catch (IOException e) {
                deregister();
                throw e;
            }
        }
        return domain;
    }

    private VerbsMemoryHello.Reply reply() {
        return new VerbsMemoryHello.Reply(
                VerbsMemoryHello.VERSION,
                0,
                regions.getFirst().getRkey(),
                mapping.bytes(),
                mapping.memory().address(),
                mapping.stateWord().address(),
                regions.getLast().getRkey());
    }

    /** To all before any is waited for: together they take no longer than one. */
    private void sayLastWords(MemoryStatus why) {
        List<VerbsLink> told =
                links.values().stream().filter(link -> link.say(why.code())).toList();
        long deadlineNanos = System.nanoTime() + LAST_WORDS_NANOS;
        for (VerbsLink link : told) {
            boolean ignored = link.awaitSaid(Math.max(0, deadlineNanos - System.nanoTime()));
        }
    }

    /** Ends every connection, and then nobody can reach the memory any more. */
    private void takeBack() {
        links.values().forEach(VerbsLink::close);
        links.clear();
        deregister();
        IbvPd domain = pd;
        // Not tried again: its device may be gone by then, and what was known of it freed.
        pd = null;
        try {
            if (domain != null) {
                int ignored = OffcutRdma.verbs().deallocPd(domain);
            }
        } catch (IOException e) {
            complain("its protection domain stays", e);
        }
    }

    private void deregister() {
        for (IbvMr region : regions) {
            try {
                var _ = region.deregMr().execute();
            } catch (IOException e) {
                complain("memory stays registered", e);
            }
        }
        regions.clear();
    }

    /** Tells every client why the memory is gone, and takes it back. Blocks for a bounded time. */
    void end(MemoryStatus status) {
        over = status;
        wakeup.wake();
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
