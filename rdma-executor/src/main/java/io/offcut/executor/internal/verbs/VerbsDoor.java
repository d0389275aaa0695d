package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.rdma.ConnectionParameters;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.linux.DescriptorWatch;
import io.offcut.linux.Wakeup;
import java.io.IOException;
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
    private static final long LOOK_NANOS = 1_000_000_000;
    private static final long CLOSE_MILLIS = 1_000;

    private final VerbsSecret secret;
    private final IntFunction<VerbsWorkerChannel> maker;
    private final @Nullable VerbsWorkerChannel[] channels;
    private final Runnable arrival;
    private final VerbsListener listener;
    private final Wakeup wakeup;
    private final DescriptorWatch watch;
    private final Thread thread;
    private final Map<RdmaCmId, Connection> connections = new HashMap<>();
    private @Nullable IbvPd pd;
    private boolean deviceGone;
    private volatile boolean closing;

    private static final class Connection {
        final VerbsLink link;
        final VerbsWorkerChannel worker;
        boolean handedOver;

        Connection(VerbsLink link, VerbsWorkerChannel worker) {
            this.link = link;
            this.worker = worker;
        }
    }

    /**
     * Listens.
     *
     * @param host an address of the device
     * @param maker makes a worker's channel, when it is needed; it is closed here
     * @param arrival called when a worker may have something to adopt or to drop
     * @param defect hears of what should not end the door's thread, and did
     * @throws IOException if no device has the address, or it may not be used
     * @throws io.offcut.core.OffcutException if it cannot be a secret, or no descriptor is left
     */
    public VerbsDoor(
            String host,
            String secret,
            int workers,
            IntFunction<VerbsWorkerChannel> maker,
            Runnable arrival,
            Thread.UncaughtExceptionHandler defect)
            throws IOException {
        this.secret = VerbsSecret.of(secret);
        this.maker = maker;
        this.channels = new VerbsWorkerChannel[workers];
        this.arrival = arrival;
        this.listener = new VerbsListener(host);
        try {
            this.wakeup = new Wakeup();
        } catch (RuntimeException e) {
            listener.close();
            throw e;
        }
        this.watch = new DescriptorWatch(listener.descriptor(), wakeup.descriptor());
        this.thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("verbs-door")
                        .uncaughtExceptionHandler(defect)
                        .start(this::run);
    }

    public int port() {
        return listener.port();
    }

    private void run() {
        while (!closing) {
            boolean ignored = watch.await(LOOK_NANOS);
            wakeup.clear();
            hearAll();
            takeApartDropped();
            if (deviceGone && connections.isEmpty()) {
                leaveDevice();
            }
        }
        for (Connection connection : connections.values()) {
            connection.link.close();
        }
    }

    private void hearAll() {
        try {
            for (NativeCmEvent event = listener.next(); event != null; event = listener.next()) {
                hear(event);
            }
        } catch (IOException e) {
            System.err.println("offcut executor: rdma: no event could be had: " + e.getMessage());
        }
    }

    /** What fails for one connection is said, and the others go on. */
    private void hear(NativeCmEvent event) {
        try {
            heard(event);
        } catch (IOException | RuntimeException e) {
            System.err.println("offcut executor: rdma: after " + event + ": " + e.getMessage());
        }
    }

    private void heard(NativeCmEvent event) throws IOException {
        RdmaCmId id = event.getConnIdPriv();
        Connection connection = connections.get(id);
        if (event.is(EventType.RDMA_CM_EVENT_CONNECT_REQUEST)) {
            judge(id, event.privateData());
        } else if (listener.isOwn(event)) {
            deviceGone |= event.is(EventType.RDMA_CM_EVENT_DEVICE_REMOVAL);
        } else if (connection == null) {
            return;
        } else if (event.is(EventType.RDMA_CM_EVENT_ESTABLISHED)) {
            connection.handedOver = true;
            connection.worker.handOver(connection.link);
            arrival.run();
        } else if (event.is(EventType.RDMA_CM_EVENT_DISCONNECTED)
                || event.is(EventType.RDMA_CM_EVENT_DEVICE_REMOVAL)) {
            lose(id, connection);
        } else if (event.is(EventType.RDMA_CM_EVENT_CONNECT_ERROR)
                || event.is(EventType.RDMA_CM_EVENT_UNREACHABLE)
                || event.is(EventType.RDMA_CM_EVENT_REJECTED)) {
            takeApart(id, connection);
        }
    }

    /** What a worker never got it cannot drop. */
    private void lose(RdmaCmId id, Connection connection) {
        if (connection.handedOver) {
            connection.link.lose();
            arrival.run();
        } else {
            takeApart(id, connection);
        }
    }

    private void judge(RdmaCmId id, byte[] request) throws IOException {
        int status = VerbsHello.check(request, secret);
        int index = status == 0 ? VerbsHello.worker(request) : 0;
        if (status == 0 && (index < 0 || index >= channels.length)) {
            status = VerbsHello.NO_SUCH_WORKER;
        }
        if (status == 0) {
            status = accept(id, index);
        }
        if (status != 0) {
            VerbsListener.refuse(id, VerbsHello.Reply.refusal(status).bytes());
        }
    }

    /**
     * @return 0, or why not; then the identifier is left as it was
     */
    private int accept(RdmaCmId id, int index) {
        VerbsWorkerChannel reserved = null;
        try {
            VerbsWorkerChannel worker = channel(index);
            if (!worker.reserve()) {
                return InvocationStatus.BUSY.code();
            }
            reserved = worker;
            connect(id, worker);
            return 0;
        } catch (IOException | RuntimeException e) {
            System.err.println("offcut executor: cannot accept by rdma: " + e.getMessage());
            if (reserved != null) {
                reserved.giveUp();
            }
            return InvocationStatus.DISCONNECTED.code();
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

    private void connect(RdmaCmId id, VerbsWorkerChannel worker) throws IOException {
        IbvPd domain = pd;
        if (domain == null) {
            domain = id.getVerbs().allocPd();
            pd = domain;
        }
        worker.register(domain, wakeup::wake);
        VerbsLink link = new VerbsLink(id, domain, worker.slots(), worker.wakeupDescriptor());
        try {
            id.accept(new ConnectionParameters(worker.reply().bytes(), VerbsLink.RNR_RETRIES));
        } catch (IOException | RuntimeException e) {
            link.giveBack();
            throw e;
        }
        connections.put(id, new Connection(link, worker));
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

    /** When the last connection is taken apart: no request comes any more. */
    private void leaveDevice() {
        deviceGone = false;
        for (VerbsWorkerChannel channel : channels) {
            if (channel != null) {
                channel.deregister();
            }
        }
        giveBackDomain();
        listener.leaveDevice();
    }

    private void giveBackDomain() {
        IbvPd domain = pd;
        pd = null;
        try {
            if (domain != null) {
                int ignored = OffcutRdma.verbs().deallocPd(domain);
            }
        } catch (IOException e) {
            // The device is gone, and with it what it had.
        }
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
        giveBackDomain();
        listener.close();
    }
}
