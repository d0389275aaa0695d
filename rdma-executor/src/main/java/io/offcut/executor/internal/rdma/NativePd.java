package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvPd;
import java.io.IOException;

/** A {@code struct ibv_pd}. */
final class NativePd extends IbvPd {
    final long address;

    NativePd(long address, NativeContext context) throws IOException {
        super(context);
        this.address = address;
        this.handle = RawMemory.getInt(address + Layout.PD_HANDLE);
    }
}
