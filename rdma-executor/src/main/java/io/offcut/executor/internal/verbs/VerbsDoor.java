package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.linux.DescriptorWatch;
import io.offcut.linux.Wakeup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The executor's listening identifier: who connects shows the secret in the request itself, and is
 * refused before there is a queue pair or any memory is told of. All connections are made and taken
 * apart by one thread, which hears of their ends. All memory of a lease is in one protection
 * domain.
 */
public final class VerbsDoor implements AutoCloseable {
    private static final int BACKLOG = 64;
    private static final long LOOK_NANOS = 1_000_000_000;
    private static final long CLOSE_MILLIS = 1_000;

    private final String secret;
    private final IntFunction<VerbsWorkerChannel> maker;
    private final @Nullable VerbsWorkerChannel[] channels;
    private final Runnable arrival;
    private final RdmaEventChannel events;
    private final RdmaCmId listener;
    private final Wakeup wakeup = new Wakeup();
    private final DescriptorWatch watch;
    private final int port;
    private final Thread thread;
    private final Map<RdmaCmId, Connection> connections = new HashMap<>();
    private @Nullable IbvPd pd;
    private volatile boolean closing;

    private record Connection(VerbsLink link, VerbsWorkerChannel worker) {}

    /**
     * Listens.
     *
     * @param host an address of the device
     * @param maker makes a worker's channel, when it is needed; it is closed here
     * @param arrival called when a worker may have something to adopt or to drop
     * @throws IOException if no device has the address, or it may not be used
     */
    public VerbsDoor(
            String host,
            String secret,
            int workers,
            IntFunction<VerbsWorkerChannel> maker,
            Runnable arrival)
            throws IOException {
        this.secret = secret;
        this.maker = maker;
        this.channels = new VerbsWorkerChannel[workers];
        this.arrival = arrival;
        this.events = OffcutRdma.cm().createEventChannel();
        this.listener = events.createId(RdmaCm.RDMA_PS_TCP);
        try {
            listener.bindAddr(new InetSocketAddress(host, 0));
            if (listener.getVerbs() == null) {
                throw new IOException("no RDMA device has the address " + host);
            }
            listener.listen(BACKLOG);
            this.port = ((InetSocketAddress) listener.getSource()).getPort();
        } catch (IOException e) {
            int ignored = listener.destroyId();
            ignored = events.destroyEventChannel();
            wakeup.close();
            throw e;
        }
        this.watch = new DescriptorWatch(events.getFd(), wakeup.descriptor());
        this.thread = Thread.ofPlatform().daemon().name("verbs-door").start(this::run);
    }

    public int port() {
        return port;
    }

    private void run() {
        while (!closing) {
            boolean ignored = watch.await(LOOK_NANOS);
            wakeup.clear();
            try {
                for (NativeCmEvent event = next(); event != null; event = next()) {
                    heard(event);
                }
            } catch (IOException e) {
                System.err.println("offcut executor: rdma: " + e.getMessage());
            }
            takeApartDropped();
        }
        for (Connection connection : connections.values()) {
            connection.link.close();
        }
    }

    private @Nullable NativeCmEvent next() throws IOException {
        NativeCmEvent event = OffcutRdma.cm().getCmEvent(events, 0);
        if (event != null) {
            event.ackEvent();
        }
        return event;
    }

    private void heard(NativeCmEvent event) throws IOException {
        RdmaCmId id = event.getConnIdPriv();
        Connection connection = connections.get(id);
        if (event.is(EventType.RDMA_CM_EVENT_CONNECT_REQUEST)) {
            judge(id, event.privateData());
        } else if (connection == null) {
            return;
        } else if (event.is(EventType.RDMA_CM_EVENT_ESTABLISHED)) {
            connection.worker.handOver(connection.link);
            arrival.run();
        } else if (event.is(EventType.RDMA_CM_EVENT_DISCONNECTED)
                || event.is(EventType.RDMA_CM_EVENT_DEVICE_REMOVAL)) {
            connection.link.lose();
            arrival.run();
        } else if (event.is(EventType.RDMA_CM_EVENT_CONNECT_ERROR)
                || event.is(EventType.RDMA_CM_EVENT_UNREACHABLE)
                || event.is(EventType.RDMA_CM_EVENT_REJECTED)) {
            takeApart(id, connection);
        }
    }

    private void judge(RdmaCmId id, byte[] request) throws IOException {
        int status = VerbsHello.check(request, secret);
        int index = status == 0 ? VerbsHello.worker(request) : 0;
        if (status == 0 && (index < 0 || index >= channels.length)) {
            status = VerbsHello.NO_SUCH_WORKER;
        }
        if (status != 0) {
            refuse(id, status);
            return;
        }
        VerbsWorkerChannel worker = channel(index);
        if (!worker.reserve()) {
            refuse(id, InvocationStatus.BUSY.code());
            return;
        }
        try {
            accept(id, worker);
        } catch (IOException | RuntimeException e) {
            System.err.println("offcut executor: cannot accept by rdma: " + e.getMessage());
            worker.giveUp();
            refuse(id, InvocationStatus.DISCONNECTED.code());
        }
    }

    private VerbsWorkerChannel channel(int worker) {
        VerbsWorkerChannel known = channels[worker];
        if (known == null) {
            known = maker.apply(worker);
            channels[worker] = known;
        }
        return known;
    }

    private static void refuse(RdmaCmId id, int status) throws IOException {
        OffcutRdma.cm().reject(id, VerbsHello.Reply.refusal(status).bytes());
        int ignored = id.destroyId();
    }

    private void accept(RdmaCmId id, VerbsWorkerChannel worker) throws IOException {
        IbvPd domain = pd;
        if (domain == null) {
            domain = id.getVerbs().allocPd();
            pd = domain;
        }
        worker.register(domain, wakeup::wake);
        VerbsLink link = new VerbsLink(id, domain, worker.slots(), worker.wakeupDescriptor());
        connections.put(id, new Connection(link, worker));
        id.accept(new ConnectionParameters(worker.reply().bytes(), VerbsLink.RNR_RETRIES));
    }

    private void takeApartDropped() {
        for (Connection connection : List.copyOf(connections.values())) {
            if (connection.worker.takeDropped() == connection.link) {
                takeApart(connection.link.id(), connection);
            }
        }
    }

    private void takeApart(RdmaCmId id, Connection connection) {
        Connection ignored = connections.remove(id);
        connection.link.close();
        connection.worker.giveUp();
    }

    /** Takes apart what is connected. The threads of the workers must have ended. */
    @Override
    public void close() {
        closing = true;
        wakeup.wake();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            // It still holds what is below, and the process ends soon.
            return;
        }
        wakeup.close();
        for (VerbsWorkerChannel channel : channels) {
            if (channel != null) {
                channel.close();
            }
        }
        try {
            if (pd != null) {
                int ignored = OffcutRdma.verbs().deallocPd(pd);
            }
            int ignored = listener.destroyId();
            ignored = events.destroyEventChannel();
        } catch (IOException e) {
            // The device is gone, and with it what it had.
        }
    }
}
