package io.offcut.executor.internal.rdma;

/**
 * Where the members lie that we read and write of the structures of {@code infiniband/verbs.h} and
 * {@code rdma/rdma_cma.h}, in bytes, on 64-bit Linux. They are the libraries' binary interface; a
 * test compares them with the headers where those are installed.
 */
final class Layout {
    static final int CONTEXT_POLL_CQ = 96;
    static final int CONTEXT_REQ_NOTIFY_CQ = 104;
    static final int CONTEXT_POST_SEND = 208;
    static final int CONTEXT_POST_RECV = 216;
    static final int CONTEXT_CMD_FD = 264;
    static final int CONTEXT_NUM_COMP_VECTORS = 272;

    static final int COMP_CHANNEL_FD = 8;
    static final int PD_HANDLE = 8;
    static final int CQ_HANDLE = 24;
    static final int CQ_CQE = 28;
    static final int QP_HANDLE = 48;
    static final int QP_NUM = 52;
    static final int MR_HANDLE = 32;
    static final int MR_LKEY = 36;
    static final int MR_RKEY = 40;

    static final int DEVICE_ATTR_BYTES = 232;
    static final int DEVICE_ATTR_ATOMIC_CAP = 164;
    static final int PORT_ATTR_BYTES = 52;

    static final int QP_ATTR_BYTES = 144;
    static final int QP_ATTR_STATE = 0;

    static final int QP_INIT_ATTR_BYTES = 64;
    static final int QP_INIT_ATTR_SEND_CQ = 8;
    static final int QP_INIT_ATTR_RECV_CQ = 16;
    static final int QP_INIT_ATTR_MAX_SEND_WR = 32;
    static final int QP_INIT_ATTR_MAX_RECV_WR = 36;
    static final int QP_INIT_ATTR_MAX_SEND_SGE = 40;
    static final int QP_INIT_ATTR_MAX_RECV_SGE = 44;
    static final int QP_INIT_ATTR_MAX_INLINE_DATA = 48;
    static final int QP_INIT_ATTR_QP_TYPE = 52;
    static final int QP_INIT_ATTR_SQ_SIG_ALL = 56;

    static final int SEND_WR_BYTES = 128;
    static final int SEND_WR_ID = 0;
    static final int SEND_WR_NEXT = 8;
    static final int SEND_WR_SG_LIST = 16;
    static final int SEND_WR_NUM_SGE = 24;
    static final int SEND_WR_OPCODE = 28;
    static final int SEND_WR_FLAGS = 32;
    static final int SEND_WR_IMM_DATA = 36;
    static final int SEND_WR_REMOTE_ADDR = 40;
    static final int SEND_WR_RDMA_RKEY = 48;
    static final int SEND_WR_ATOMIC_COMPARE_ADD = 48;
    static final int SEND_WR_ATOMIC_SWAP = 56;
    static final int SEND_WR_ATOMIC_RKEY = 64;

    static final int RECV_WR_BYTES = 32;
    static final int RECV_WR_ID = 0;
    static final int RECV_WR_NEXT = 8;
    static final int RECV_WR_SG_LIST = 16;
    static final int RECV_WR_NUM_SGE = 24;

    static final int SGE_BYTES = 16;
    static final int SGE_ADDR = 0;
    static final int SGE_LENGTH = 8;
    static final int SGE_LKEY = 12;

    static final int WC_BYTES = 48;
    static final int WC_WR_ID = 0;
    static final int WC_STATUS = 8;
    static final int WC_OPCODE = 12;
    static final int WC_VENDOR_ERR = 16;
    static final int WC_BYTE_LEN = 20;
    static final int WC_IMM_DATA = 24;
    static final int WC_QP_NUM = 28;
    static final int WC_SRC_QP = 32;
    static final int WC_FLAGS = 36;

    static final int EVENT_CHANNEL_FD = 0;

    static final int CM_ID_VERBS = 0;
    static final int CM_ID_QP = 24;
    static final int CM_ID_SRC_ADDR = 32;
    static final int CM_ID_DST_ADDR = 160;
    static final int CM_ID_PORT_NUM = 348;

    static final int CM_EVENT_ID = 0;
    static final int CM_EVENT_LISTEN_ID = 8;
    static final int CM_EVENT_EVENT = 16;
    static final int CM_EVENT_STATUS = 20;
    static final int CM_EVENT_CONN = 24;

    static final int CONN_PARAM_BYTES = 24;
    static final int CONN_PARAM_PRIVATE_DATA = 0;
    static final int CONN_PARAM_PRIVATE_DATA_LEN = 8;
    static final int CONN_PARAM_RESPONDER_RESOURCES = 9;
    static final int CONN_PARAM_INITIATOR_DEPTH = 10;
    static final int CONN_PARAM_FLOW_CONTROL = 11;
    static final int CONN_PARAM_RETRY_COUNT = 12;
    static final int CONN_PARAM_RNR_RETRY_COUNT = 13;
    static final int CONN_PARAM_SRQ = 14;
    static final int CONN_PARAM_QP_NUM = 16;

    static final int ADDRINFO_BYTES = 96;
    static final int ADDRINFO_FLAGS = 0;
    static final int ADDRINFO_PORT_SPACE = 12;
    static final int ADDRINFO_SRC_ADDR = 24;
    static final int ADDRINFO_DST_ADDR = 32;

    private Layout() {}
}
