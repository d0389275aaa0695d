package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** A {@code struct ibv_qp}. */
public final class NativeQp extends IbvQP {
    private static final int IBV_QP_STATE = 1;

    final long address;
    final NativeContext of;
    private final int maxInlineBytes;
    private long workRequests;

    NativeQp(long address, NativeContext context, @Nullable IbvPd pd, IbvQPInitAttr attributes)
            throws IOException {
        super(RawMemory.getInt(address + Layout.QP_NUM));
        this.address = address;
        this.of = context;
        this.context = context;
        this.pd = pd;
        this.send_cq = attributes.getSend_cq();
        this.recv_cq = attributes.getRecv_cq();
        this.handle = RawMemory.getInt(address + Layout.QP_HANDLE);
        this.qp_type = attributes.getQp_type();
        this.maxInlineBytes = attributes.cap().getMax_inline_data();
    }

    /** How much a send can carry in its work request, in bytes. */
    public int maxInlineBytes() {
        return maxInlineBytes;
    }

    /** Moves it to the error state: everything outstanding completes as flushed. */
    public void fail() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(Layout.QP_ATTR_BYTES, Long.BYTES);
            attributes.set(ValueLayout.JAVA_INT, Layout.QP_ATTR_STATE, IBV_QPS_ERR);
            int errno =
                    (int)
                            RdmaLibraries.get()
                                    .modifyQp
                                    .call(address, attributes.address(), IBV_QP_STATE);
            if (errno != 0) {
                throw RdmaLibraries.failed("ibv_modify_qp", errno);
            }
        }
    }

    void posted(int count) {
        workRequests += count;
    }

    /** How many work requests were posted to its send queue. For the thread that posts. */
    public long workRequests() {
        return workRequests;
    }
}
