package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.offcut.executor.internal.rdma.NativeCmEvent;
import io.offcut.executor.internal.rdma.OffcutRdma;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Where somebody listens for RDMA, and what the connection manager says. For one thread. */
public final class VerbsListener implements AutoCloseable {
    private static final int BACKLOG = 64;

    private final RdmaEventChannel events;
    private final RdmaCmId id;
    private final int port;

    /**
     * Listens on a port of the kernel's choice.
     *
     * @param host an address of the device
     * @throws IOException if no device has the address, or it may not be used
     */
    public VerbsListener(String host) throws IOException {
        events = OffcutRdma.cm().createEventChannel();
        try {
            id = events.createId(RdmaCm.RDMA_PS_TCP);
        } catch (IOException | RuntimeException e) {
            int ignored = OffcutRdma.cm().destroyEventChannel(events);
            throw e;
        }
        try {
            id.bindAddr(new InetSocketAddress(host, 0));
            if (id.getVerbs() == null) {
                throw new IOException("no RDMA device has the address " + host);
            }
            id.listen(BACKLOG);
            port = ((InetSocketAddress) id.getSource()).getPort();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    public int port() {
        return port;
    }

    /** Can be read when there is an event. */
    public int descriptor() {
        return events.getFd();
    }

    /** The device that it listens on. */
    public IbvContext device() throws IOException {
        return id.getVerbs();
    }

    /** The next event, acknowledged; null when there is none. Does not block. */
    public @Nullable NativeCmEvent next() throws IOException {
        NativeCmEvent event = OffcutRdma.cm().getCmEvent(events, 0);
        if (event != null) {
            event.ackEvent();
        }
        return event;
    }

    /** Whether the event is of the listener itself. */
    public boolean isOwn(NativeCmEvent event) throws IOException {
        return id.equals(event.getConnIdPriv());
    }

    /**
     * Lets the device go, which waits for that, after every connection, all registered memory and
     * its protection domain: they are of a device that this frees.
     */
    public void leaveDevice() {
        System.err.println("offcut executor: rdma: the device is gone; nobody can connect");
        try {
            int ignored = id.destroyId();
        } catch (IOException e) {
            // It went before.
        }
    }

    /** Refuses a request to connect. Whoever asked may be gone by now, and then cannot be. */
    public static void refuse(RdmaCmId request, byte[] why) throws IOException {
        try {
            OffcutRdma.cm().reject(request, why);
        } finally {
            int ignored = request.destroyId();
        }
    }

    /** After all that was made with its device, as {@link #leaveDevice}. */
    @Override
    public void close() {
        try {
            if (id.isOpen()) {
                int ignored = id.destroyId();
            }
            int ignored = events.destroyEventChannel();
        } catch (IOException e) {
            // The device is gone, and with it what it had.
        }
    }
}
