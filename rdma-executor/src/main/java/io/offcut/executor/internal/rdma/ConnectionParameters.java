package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.RdmaConnParam;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * How to connect: what DiSNI's parameters hold, and the private data, whose memory this keeps. An
 * RDMA read or an atomic needs {@code responder_resources} and {@code initiator_depth}, which DiSNI
 * has no way to set: they are what the device can.
 */
public final class ConnectionParameters extends RdmaConnParam {
    /** Most private data of a request to connect over the port space TCP, in bytes. */
    public static final int MAX_REQUEST_BYTES = 56;

    /** Most private data of an acceptance, in bytes. */
    public static final int MAX_ACCEPT_BYTES = 196;

    /** Most private data of a refusal, in bytes. */
    public static final int MAX_REJECT_BYTES = 148;

    private static final byte ALL_THE_DEVICE_CAN = (byte) 0xFF;

    /** One less than fits: soft-RoCE takes the most, 7, for: for ever. */
    private static final byte RETRIES = 6;

    private final Arena arena = Arena.ofAuto();

    /** The peer's, as an event tells them. */
    ConnectionParameters(long address) {
        private_data_addr = RawMemory.getLong(address + Layout.CONN_PARAM_PRIVATE_DATA);
        private_data_len = RawMemory.getByte(address + Layout.CONN_PARAM_PRIVATE_DATA_LEN);
        responder_resources = RawMemory.getByte(address + Layout.CONN_PARAM_RESPONDER_RESOURCES);
        initiator_depth = RawMemory.getByte(address + Layout.CONN_PARAM_INITIATOR_DEPTH);
        flow_control = RawMemory.getByte(address + Layout.CONN_PARAM_FLOW_CONTROL);
        retry_count = RawMemory.getByte(address + Layout.CONN_PARAM_RETRY_COUNT);
        rnr_retry_count = RawMemory.getByte(address + Layout.CONN_PARAM_RNR_RETRY_COUNT);
        srq = RawMemory.getByte(address + Layout.CONN_PARAM_SRQ);
        qp_num = RawMemory.getInt(address + Layout.CONN_PARAM_QP_NUM);
    }

    /**
     * Parameters with as many retries of what the network loses as have an end.
     *
     * @param rnrRetries how often a peer without a receive request is tried again: 7 for ever
     * @throws IOException if the data is over what a byte can say
     */
    public ConnectionParameters(byte[] privateData, int rnrRetries) throws IOException {
        if (privateData.length > 0xFF) {
            throw new IOException(privateData.length + " bytes of private data: most are 255");
        }
        MemorySegment data = arena.allocate(Math.max(1, privateData.length));
        MemorySegment.copy(privateData, 0, data, JAVA_BYTE, 0, privateData.length);
        private_data_addr = data.address();
        private_data_len = (byte) privateData.length;
        responder_resources = ALL_THE_DEVICE_CAN;
        initiator_depth = ALL_THE_DEVICE_CAN;
        retry_count = RETRIES;
        rnr_retry_count = (byte) rnrRetries;
    }

    /** As the library takes them. */
    static MemorySegment write(RdmaConnParam from, Arena arena) {
        MemorySegment to = arena.allocate(Layout.CONN_PARAM_BYTES, Long.BYTES);
        to.set(JAVA_LONG, Layout.CONN_PARAM_PRIVATE_DATA, from.getPrivate_data());
        to.set(JAVA_BYTE, Layout.CONN_PARAM_PRIVATE_DATA_LEN, from.getPrivate_data_len());
        to.set(
                JAVA_BYTE,
                Layout.CONN_PARAM_RESPONDER_RESOURCES,
                orAll(from.getResponder_resources()));
        to.set(JAVA_BYTE, Layout.CONN_PARAM_INITIATOR_DEPTH, orAll(from.getInitiator_depth()));
        to.set(JAVA_BYTE, Layout.CONN_PARAM_FLOW_CONTROL, from.getFlow_control());
        to.set(JAVA_BYTE, Layout.CONN_PARAM_RETRY_COUNT, from.getRetry_count());
        to.set(JAVA_BYTE, Layout.CONN_PARAM_RNR_RETRY_COUNT, from.getRnr_retry_count());
        to.set(JAVA_BYTE, Layout.CONN_PARAM_SRQ, from.getSrq());
        to.set(JAVA_INT, Layout.CONN_PARAM_QP_NUM, from.getQp_num());
        return to;
    }

    private static byte orAll(byte depth) {
        return depth == 0 ? ALL_THE_DEVICE_CAN : depth;
    }
}
