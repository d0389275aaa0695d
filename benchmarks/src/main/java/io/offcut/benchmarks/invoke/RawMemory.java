package io.offcut.benchmarks.invoke;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The words of a bare ping-pong through shared memory: for each slot a request and a response word,
 * two cache lines apart; and one word that is 1 while the peer sleeps.
 */
final class RawMemory {
    static final int SLOTS = 16;
    static final int BYTES = 8192;

    /** Written instead of a sequence number: the peer stops answering. */
    static final int STOP = -1;

    static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private static final long SLOT_STRIDE_BYTES = 256;
    private static final long RESPONSE_OFFSET = 128;
    private static final long SLEEPING_OFFSET = SLOTS * SLOT_STRIDE_BYTES;

    private RawMemory() {}

    static int request(MemorySegment memory, int slot) {
        return (int) INT.getAcquire(memory, slot * SLOT_STRIDE_BYTES);
    }

    static void setRequest(MemorySegment memory, int slot, int value) {
        INT.setRelease(memory, slot * SLOT_STRIDE_BYTES, value);
    }

    static int response(MemorySegment memory, int slot) {
        return (int) INT.getAcquire(memory, slot * SLOT_STRIDE_BYTES + RESPONSE_OFFSET);
    }

    static void setResponse(MemorySegment memory, int slot, int value) {
        INT.setRelease(memory, slot * SLOT_STRIDE_BYTES + RESPONSE_OFFSET, value);
    }

    static boolean sleeping(MemorySegment memory) {
        return (int) INT.getVolatile(memory, SLEEPING_OFFSET) != 0;
    }

    static void setSleeping(MemorySegment memory, int value) {
        INT.setVolatile(memory, SLEEPING_OFFSET, value);
    }

    /** The word itself, for the futex. */
    static MemorySegment sleepingWord(MemorySegment memory) {
        return memory.asSlice(SLEEPING_OFFSET, Integer.BYTES);
    }
}
