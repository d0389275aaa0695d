package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvMr;
import java.io.IOException;

/** A {@code struct ibv_mr}; one over 2 GiB says the largest int as its length. */
final class NativeMr extends IbvMr {
    final long address;

    NativeMr(long address, NativeContext context, long start, long bytes, int access)
            throws IOException {
        super(
                context,
                start,
                (int) Math.min(bytes, Integer.MAX_VALUE),
                access,
                RawMemory.getInt(address + Layout.MR_LKEY),
                RawMemory.getInt(address + Layout.MR_RKEY),
                RawMemory.getInt(address + Layout.MR_HANDLE));
        this.address = address;
    }
}
