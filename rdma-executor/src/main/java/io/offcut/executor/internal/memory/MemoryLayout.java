package io.offcut.executor.internal.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Layout of the region of a lease of memory only: one file that its holder makes and a client on
 * the same host maps, version {@value #VERSION}, little-endian.
 *
 * <pre>
 *    0 int  magic "OFMM"
 *    4 int  version
 *    8 long bytes          of memory
 *  128 int  state          0 made, 1 served, 2 about to be taken back, negative: over, and why
 *  2 MiB    the memory, up to a multiple of 2 MiB: the file may lie on huge pages (hugetlbfs)
 * </pre>
 *
 * <p>When the lease is over the state says why, and then the pages of the memory are given back, so
 * that who touches them finds zeros. So what an access found counts if the state says after it that
 * the memory is still there. The file keeps its length: an access beyond its end would be a signal,
 * which of an atomic instruction the virtual machine does not survive.
 */
public final class MemoryLayout {
    public static final int MAGIC = 0x4D4D464F; // "OFMM"
    public static final int VERSION = 1;
    public static final int VERSION_OFFSET = 4;
    public static final int BYTES_OFFSET = 8;
    public static final int STATE_OFFSET = 128;
    public static final int DATA_OFFSET = 2 << 20;

    /** State of a region that its holder serves. */
    public static final int SERVED = 1;

    /** State of a region that will be taken back when its grace is over. */
    public static final int ENDING = 2;

    static final VarHandle INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** For atomic operations, whose offsets are multiples of eight. */
    static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private MemoryLayout() {}

    /** Size of the whole file. */
    static long fileBytes(long bytes) {
        return DATA_OFFSET + (bytes + DATA_OFFSET - 1 & -DATA_OFFSET);
    }

    /** As it is after all that was read before: what is there then was there while it was read. */
    static int state(MemorySegment region) {
        VarHandle.loadLoadFence();
        return (int) INT.getAcquire(region, (long) STATE_OFFSET);
    }
}
