package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Takes completions from a queue, again and again. For one thread. Polling does not allocate. */
public final class PollCq extends SVCPollCq {
    private final NativeCq cq;
    private final IbvWC[] completions;
    private final int limit;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private int polls;
    private long taken;
    private boolean valid = true;

    PollCq(NativeCq cq, IbvWC[] completions, int limit) {
        if (limit < 1 || limit > completions.length) {
            throw new IllegalArgumentException(
                    "to poll " + limit + " completions into " + completions.length);
        }
        this.cq = cq;
        this.completions = completions;
        this.limit = limit;
        this.memory = arena.allocate((long) limit * Layout.WC_BYTES, Long.BYTES);
    }

    @Override
    public PollCq execute() throws IOException {
        if (poll() < 0) {
            throw new IOException("ibv_poll_cq failed: the queue overran, or its device is gone");
        }
        return this;
    }

    /** As {@link #execute}. @return how many there are now; negative when the queue is broken */
    public int poll() {
        if (!valid) {
            throw new IllegalStateException("the call was freed");
        }
        polls = (int) cq.of.pollCq.callAtOnce(cq.address, limit, memory.address());
        for (int i = 0; i < polls; i++) {
            copy((long) i * Layout.WC_BYTES, completions[i]);
        }
        taken += Math.max(0, polls);
        return polls;
    }

    /** How many it has taken so far. */
    public long completions() {
        return taken;
    }

    private void copy(long at, IbvWC to) {
        to.setWr_id(memory.get(JAVA_LONG, at + Layout.WC_WR_ID));
        to.setStatus(memory.get(JAVA_INT, at + Layout.WC_STATUS));
        to.setOpcode(memory.get(JAVA_INT, at + Layout.WC_OPCODE));
        to.setVendor_err(memory.get(JAVA_INT, at + Layout.WC_VENDOR_ERR));
        to.setByte_len(memory.get(JAVA_INT, at + Layout.WC_BYTE_LEN));
        to.setImm_data(memory.get(JAVA_INT, at + Layout.WC_IMM_DATA));
        to.setQp_num(memory.get(JAVA_INT, at + Layout.WC_QP_NUM));
        to.setSrc_qp(memory.get(JAVA_INT, at + Layout.WC_SRC_QP));
        to.setWc_flags(memory.get(JAVA_INT, at + Layout.WC_FLAGS));
    }

    @Override
    public int getPolls() {
        return Math.max(0, polls);
    }

    @Override
    public boolean isValid() {
        return valid && cq.isOpen();
    }

    @Override
    public PollCq free() {
        if (valid) {
            valid = false;
            arena.close();
        }
        return this;
    }
}
