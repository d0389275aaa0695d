package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvContext;
import io.offcut.linux.CFunction;
import java.io.IOException;

/** A {@code struct ibv_context}: an open device, and its functions that post and poll. */
final class NativeContext extends IbvContext {
    final long address;
    final CFunction pollCq;
    final CFunction reqNotifyCq;
    final CFunction postSend;
    final CFunction postRecv;

    NativeContext(long address) throws IOException {
        super(
                RawMemory.getInt(address + Layout.CONTEXT_CMD_FD),
                RawMemory.getInt(address + Layout.CONTEXT_NUM_COMP_VECTORS));
        this.address = address;
        pollCq = function(Layout.CONTEXT_POLL_CQ);
        reqNotifyCq = function(Layout.CONTEXT_REQ_NOTIFY_CQ);
        postSend = function(Layout.CONTEXT_POST_SEND);
        postRecv = function(Layout.CONTEXT_POST_RECV);
    }

    private CFunction function(int offset) {
        return CFunction.at(RawMemory.getLong(address + offset));
    }
}
