package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvCQ;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A {@code struct ibv_cq}. It counts its events that were not acknowledged, since destroying it
 * waits for those.
 */
final class NativeCq extends IbvCQ {
    final long address;
    final NativeContext of;
    private int unacknowledged;

    NativeCq(long address, NativeContext context, @Nullable NativeCompChannel channel)
            throws IOException {
        super(context, channel, RawMemory.getInt(address + Layout.CQ_HANDLE));
        this.address = address;
        this.of = context;
        this.cqe = RawMemory.getInt(address + Layout.CQ_CQE);
    }

    synchronized void event() {
        unacknowledged++;
    }

    /** Takes at most that many events to acknowledge. */
    synchronized int takeUnacknowledged(int limit) {
        int taken = Math.min(limit, unacknowledged);
        unacknowledged -= taken;
        return taken;
    }
}
