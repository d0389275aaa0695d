package io.offcut.executor.internal.rdma;

import com.ibm.disni.verbs.IbvWC;

/**
 * A completion whose immediate data is a number as it was posted by {@link PostSend.Request}, and
 * not as it went over the wire, which is what {@link #getImm_data} has.
 */
public final class WorkCompletion extends IbvWC {
    /** Of {@link #getWc_flags}: there is immediate data. */
    public static final int WITH_IMMEDIATE = 1 << 1;

    /** An array of them. */
    public static WorkCompletion[] array(int length) {
        WorkCompletion[] all = new WorkCompletion[length];
        for (int i = 0; i < length; i++) {
            all[i] = new WorkCompletion();
        }
        return all;
    }

    public int immediate() {
        return PostSend.networkOrder(imm_data);
    }

    @SuppressWarnings("EnumOrdinal") // DiSNI's enumeration is that of verbs.h, in its order
    public boolean succeeded() {
        return status == IbvWcStatus.IBV_WC_SUCCESS.ordinal();
    }
}
