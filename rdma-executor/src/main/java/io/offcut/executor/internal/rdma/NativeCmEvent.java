package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.RdmaCmEvent;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a connection. Its private data is a copy; the event itself is to be acknowledged
 * before its identifier can be destroyed.
 */
public final class NativeCmEvent extends RdmaCmEvent {
    private final long address;
    private final byte[] privateData;
    private boolean acknowledged;

    NativeCmEvent(long address, @Nullable NativeCmId listening, @Nullable NativeCmId connection)
            throws IOException {
        super(RawMemory.getInt(address + Layout.CM_EVENT_EVENT), listening, connection);
        this.address = address;
        this.status = RawMemory.getInt(address + Layout.CM_EVENT_STATUS);
        long parameters = address + Layout.CM_EVENT_CONN;
        long data = RawMemory.getLong(parameters + Layout.CONN_PARAM_PRIVATE_DATA);
        int bytes = RawMemory.getByte(parameters + Layout.CONN_PARAM_PRIVATE_DATA_LEN) & 0xFF;
        this.privateData = data == 0 ? new byte[0] : RawMemory.getBytes(data, bytes);
        this.conn = new ConnectionParameters(parameters);
    }

    /** What the peer sent along; padded with zeros by the transport, so often longer. */
    public byte[] privateData() {
        return privateData.clone();
    }

    /** Whether this is it. */
    @SuppressWarnings("EnumOrdinal") // DiSNI's enumeration is that of rdma_cma.h, in its order
    public boolean is(EventType type) {
        return event == type.ordinal();
    }

    /** Acknowledges it, once. */
    void acknowledge() {
        if (!acknowledged) {
            acknowledged = true;
            long ignored = RdmaLibraries.get().cmAckEvent.call(address);
        }
    }

    /** With its status: a negative errno, or why the peer refused. */
    @Override
    public String toString() {
        EventType[] types = EventType.values();
        return (event >= 0 && event < types.length ? types[event].name() : "event " + event)
                + " ("
                + status
                + ")";
    }
}
