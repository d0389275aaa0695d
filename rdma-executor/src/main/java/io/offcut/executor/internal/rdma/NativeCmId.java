package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A {@code struct rdma_cm_id}. */
final class NativeCmId extends RdmaCmId {
    private final long address;
    final NativeEventChannel channel;

    NativeCmId(long address, NativeEventChannel channel, int portSpace) throws IOException {
        super(channel, null);
        this.address = address;
        this.channel = channel;
        this.ps = portSpace;
    }

    /** Where it is. @throws IOException after it was destroyed, when something else may be there */
    long address() throws IOException {
        if (!isOpen()) {
            throw new IOException("the identifier of the connection was destroyed before");
        }
        return address;
    }

    /** The device that its address led to; null until it is bound or resolved. */
    @Override
    public @Nullable IbvContext getVerbs() throws IOException {
        if (verbs == null) {
            long context = RawMemory.getLong(address() + Layout.CM_ID_VERBS);
            verbs = context == 0 ? null : new NativeContext(context);
        }
        return verbs;
    }

    /** 0 after it was destroyed. */
    @Override
    public byte getPort_num() {
        return isOpen() ? RawMemory.getByte(address + Layout.CM_ID_PORT_NUM) : 0;
    }

    /** No event is for it any more. */
    void forget() {
        close();
        NativeCmId ignored = channel.ids.remove(address);
    }

    void queuePair(@Nullable NativeQp qp) {
        setQp(qp);
    }
}
