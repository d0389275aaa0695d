package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostRecv;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A chain of receive requests in native memory, made once and posted again and again. For one
 * thread. Posting does not allocate.
 */
public final class PostRecv extends SVCPostRecv {
    private final NativeQp qp;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bad = arena.allocate(JAVA_LONG);
    private final MemorySegment requests;
    private boolean valid = true;

    PostRecv(NativeQp qp, List<IbvRecvWR> list) {
        this.qp = qp;
        this.requests = arena.allocate((long) list.size() * Layout.RECV_WR_BYTES, Long.BYTES);
        for (int i = 0; i < list.size(); i++) {
            long at = (long) i * Layout.RECV_WR_BYTES;
            List<IbvSge> pieces = list.get(i).getSg_list();
            requests.set(JAVA_LONG, at + Layout.RECV_WR_ID, list.get(i).getWr_id());
            requests.set(JAVA_LONG, at + Layout.RECV_WR_SG_LIST, pieces(pieces).address());
            requests.set(JAVA_INT, at + Layout.RECV_WR_NUM_SGE, pieces == null ? 0 : pieces.size());
            if (i > 0) {
                requests.set(
                        JAVA_LONG,
                        at - Layout.RECV_WR_BYTES + Layout.RECV_WR_NEXT,
                        requests.address() + at);
            }
        }
    }

    private MemorySegment pieces(List<IbvSge> list) {
        if (list == null || list.isEmpty()) {
            return MemorySegment.NULL;
        }
        MemorySegment pieces = arena.allocate((long) list.size() * Layout.SGE_BYTES, Long.BYTES);
        for (int i = 0; i < list.size(); i++) {
            long at = (long) i * Layout.SGE_BYTES;
            pieces.set(JAVA_LONG, at + Layout.SGE_ADDR, list.get(i).getAddr());
            pieces.set(JAVA_INT, at + Layout.SGE_LENGTH, list.get(i).getLength());
            pieces.set(JAVA_INT, at + Layout.SGE_LKEY, list.get(i).getLkey());
        }
        return pieces;
    }

    /** Posts all of the chain. @throws IOException if the queue is full, or a request wrong */
    @Override
    public PostRecv execute() throws IOException {
        int errno = post();
        if (errno != 0) {
            throw RdmaLibraries.failed("ibv_post_recv", errno);
        }
        return this;
    }

    /** As {@link #execute}, with the failure as a value. @return 0 or an errno */
    public int post() {
        if (!valid) {
            throw new IllegalStateException("the call was freed");
        }
        return (int) qp.of.postRecv.callAtOnce(qp.address, requests.address(), bad.address());
    }

    @Override
    public RecvWRMod getWrMod(int index) {
        long at = (long) index * Layout.RECV_WR_BYTES + Layout.RECV_WR_ID;
        return () -> requests.get(JAVA_LONG, at);
    }

    @Override
    public boolean isValid() {
        return valid && qp.isOpen();
    }

    @Override
    public PostRecv free() {
        if (valid) {
            valid = false;
            arena.close();
        }
        return this;
    }
}
