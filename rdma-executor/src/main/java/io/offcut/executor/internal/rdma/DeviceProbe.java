package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvQP;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Opens a device to see what it can do: that it can be opened is half of the answer. */
public final class DeviceProbe {
    private static final int MOST_INLINE_BYTES = 1024;

    private DeviceProbe() {}

    /**
     * How much a send can carry in its work request, as a power of two in bytes; no verb tells it,
     * so queue pairs are made that ask for less and less.
     *
     * @throws IOException if the device cannot be used, and why
     * @throws io.offcut.core.OffcutException {@code NOT_FOUND} if this machine lacks the libraries
     */
    public static int maxInlineBytes(String device) throws IOException {
        RdmaLibraries libraries = RdmaLibraries.get();
        try (Arena arena = Arena.ofConfined()) {
            long list = libraries.getDeviceList.call(arena.allocate(JAVA_INT).address());
            if (list == 0) {
                throw RdmaLibraries.failed("ibv_get_device_list");
            }
            try {
                return inOpened(libraries, open(libraries, list, device));
            } finally {
                long ignored = libraries.freeDeviceList.call(list);
            }
        }
    }

    private static long open(RdmaLibraries libraries, long list, String device) throws IOException {
        for (long at = list; RawMemory.getLong(at) != 0; at += Long.BYTES) {
            long entry = RawMemory.getLong(at);
            if (RawMemory.getString(libraries.getDeviceName.call(entry)).equals(device)) {
                long context = libraries.openDevice.call(entry);
                if (context == 0) {
                    throw RdmaLibraries.failed("opening it");
                }
                return context;
            }
        }
        throw new IOException("libibverbs does not know it");
    }

    private static int inOpened(RdmaLibraries libraries, long context) throws IOException {
        long domain = libraries.allocPd.call(context);
        long queue = libraries.createCq.call(context, 1, 0, 0, 0);
        try {
            if (domain == 0 || queue == 0) {
                throw RdmaLibraries.failed("making a queue");
            }
            return largest(libraries, domain, queue);
        } finally {
            long ignored = queue == 0 ? 0 : libraries.destroyCq.call(queue);
            ignored = domain == 0 ? 0 : libraries.deallocPd.call(domain);
            ignored = libraries.closeDevice.call(context);
        }
    }

    private static int largest(RdmaLibraries libraries, long domain, long queue)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            for (int bytes = MOST_INLINE_BYTES; bytes > 0; bytes /= 2) {
                long pair = libraries.createQp.call(domain, attributes(queue, bytes, arena));
                if (pair != 0) {
                    long ignored = libraries.destroyQp.call(pair);
                    return bytes;
                }
            }
            long pair = libraries.createQp.call(domain, attributes(queue, 0, arena));
            if (pair == 0) {
                throw RdmaLibraries.failed("making a queue pair");
            }
            long ignored = libraries.destroyQp.call(pair);
            return 0;
        }
    }

    private static long attributes(long queue, int inlineBytes, Arena arena) {
        MemorySegment to = arena.allocate(Layout.QP_INIT_ATTR_BYTES, Long.BYTES);
        to.set(JAVA_LONG, Layout.QP_INIT_ATTR_SEND_CQ, queue);
        to.set(JAVA_LONG, Layout.QP_INIT_ATTR_RECV_CQ, queue);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_SEND_WR, 1);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_RECV_WR, 1);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_SEND_SGE, 1);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_RECV_SGE, 1);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_MAX_INLINE_DATA, inlineBytes);
        to.set(JAVA_INT, Layout.QP_INIT_ATTR_QP_TYPE, IbvQP.IBV_QPT_RC);
        return to.address();
    }
}
