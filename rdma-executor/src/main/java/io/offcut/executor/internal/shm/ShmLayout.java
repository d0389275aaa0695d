package io.offcut.executor.internal.shm;

import io.offcut.core.frame.InvocationFrame;
import io.offcut.executor.internal.SlotBook;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Layout of a region: one file that a client and one worker map, version {@value #VERSION},
 * little-endian. Words that different sides write lie two cache lines apart, because processors
 * fetch lines in pairs.
 *
 * <pre>
 *    0 int  magic "OFCS"
 *    4 int  version
 *    8 int  slots
 *   12 int  payloadBytes            largest input and largest result
 *   16 long regionBytes             size of the file
 *
 *  128 int  state                   0 made, 1 a worker serves it, negative: ended, and why
 *  136 long workerPid               these three before state becomes 1
 *  144 long workerStartTicks
 *  152 long workerPidNamespace      inode of its pid namespace; 0 unknown
 *
 *  256 int  workerSleeping          futex: 1 while the worker sleeps or is about to
 *  384 int  clientSleeping          futex: 1 while the client sleeps or is about to
 *
 *  512 long claim                   client that has the region: pid &lt;&lt; 32 | low half of its start ticks; 0 none
 *  520 long claimPidNamespace
 *
 * 4096 slot table, for each slot 256 bytes:
 *        +0   request header        {@link InvocationFrame}; its sequence word is the notification
 *        +128 response header       the same
 *
 *      payload areas, for each slot, every part beginning on a page:
 *        input      payloadBytes rounded up to pages
 *        guard      one page nobody may touch
 *        result     payloadBytes rounded up to pages
 *        guard      one page nobody may touch
 *
 *      up to a multiple of 2 MiB, so that the file may lie on huge pages (hugetlbfs)
 * </pre>
 *
 * <p><b>Invocation.</b> The client writes the input, then the request header, then the request's
 * sequence word, which it raises by one, with release order. The worker sees by acquire order that
 * it differs from the response's, copies and checks the header, runs the function, writes result
 * and response header, then sets the response's sequence word to the request's, with release order.
 * So a slot is free exactly when both words are equal, also for a client that takes over.
 *
 * <p><b>Sleeping.</b> Who wants to sleep sets its word to 1, then a full fence, then looks once
 * more, and only then waits on the futex for the word to change from 1. Who notifies writes its
 * sequence word (or the state), then a full fence, then looks at the other's sleeping word: if it
 * is 1, sets it to 0 and wakes the futex. One of the two always sees the other (Dekker).
 *
 * <p><b>Trust.</b> Both sides can write everywhere. So each keeps its own copy of what must not
 * change, reads a foreign value once, and checks it before use.
 */
public final class ShmLayout {
    public static final int MAGIC = 0x5343464F; // "OFCS"
    public static final int VERSION = 1;
    public static final int PAGE_BYTES = 4096;

    /** What is mapped of a region is a multiple of this. */
    static final int HUGE_PAGE_BYTES = 2 << 20;

    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 4;
    public static final int SLOTS_OFFSET = 8;
    public static final int PAYLOAD_BYTES_OFFSET = 12;
    public static final int REGION_BYTES_OFFSET = 16;
    public static final int STATE_OFFSET = 128;
    public static final int WORKER_PID_OFFSET = 136;
    public static final int WORKER_START_TICKS_OFFSET = 144;
    public static final int WORKER_PID_NAMESPACE_OFFSET = 152;
    public static final int WORKER_SLEEPING_OFFSET = 256;
    public static final int CLIENT_SLEEPING_OFFSET = 384;
    public static final int CLAIM_OFFSET = 512;
    public static final int CLAIM_PID_NAMESPACE_OFFSET = 520;
    public static final int SLOT_TABLE_OFFSET = PAGE_BYTES;
    public static final int SLOT_TABLE_STRIDE_BYTES = 256;
    public static final int RESPONSE_OFFSET = 128;

    /** State of a region that no worker has opened yet. */
    public static final int MADE = 0;

    /** State of a region that a worker serves. */
    public static final int READY = 1;

    /** A 32-bit word of the region; coordinates are the segment and the offset in bytes. */
    static final VarHandle INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** A 64-bit word of the region. */
    static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private ShmLayout() {}

    /** Whether a region can have this shape. */
    public static boolean valid(int slots, int payloadBytes) {
        return slots >= 1
                && slots <= SlotBook.MAX_SLOTS
                && payloadBytes >= 1
                && payloadBytes <= InvocationFrame.MAX_PAYLOAD_BYTES;
    }

    /** Everything before the payload areas. */
    public static long headerBytes(int slots) {
        return roundUp(SLOT_TABLE_OFFSET + (long) slots * SLOT_TABLE_STRIDE_BYTES, PAGE_BYTES);
    }

    /** Size of the whole file. */
    public static long regionBytes(int slots, int payloadBytes) {
        return roundUp(headerBytes(slots) + slots * slotBytes(payloadBytes), HUGE_PAGE_BYTES);
    }

    public static long requestOffset(int slot) {
        return SLOT_TABLE_OFFSET + (long) slot * SLOT_TABLE_STRIDE_BYTES;
    }

    public static long responseOffset(int slot) {
        return requestOffset(slot) + RESPONSE_OFFSET;
    }

    public static long inputOffset(int slots, int payloadBytes, int slot) {
        return headerBytes(slots) + slot * slotBytes(payloadBytes);
    }

    public static long resultOffset(int slots, int payloadBytes, int slot) {
        return inputOffset(slots, payloadBytes, slot) + areaBytes(payloadBytes) + PAGE_BYTES;
    }

    /** One input or one result, rounded up to pages; its guard page follows. */
    public static long areaBytes(int payloadBytes) {
        return roundUp(payloadBytes, PAGE_BYTES);
    }

    private static long slotBytes(int payloadBytes) {
        return 2 * (areaBytes(payloadBytes) + PAGE_BYTES);
    }

    private static long roundUp(long bytes, int unitBytes) {
        return bytes + unitBytes - 1 & -unitBytes;
    }

    /** The state word, with acquire order. */
    static int state(MemorySegment region) {
        return (int) INT.getAcquire(region, (long) STATE_OFFSET);
    }
}
