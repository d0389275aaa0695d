package io.offcut.executor.internal.rdma;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** Words at addresses that a C library gave us. Whether they are mapped is its word alone. */
final class RawMemory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private RawMemory() {}

    static long getLong(long address) {
        return ALL.get(JAVA_LONG, address);
    }

    static int getInt(long address) {
        return ALL.get(JAVA_INT, address);
    }

    static byte getByte(long address) {
        return ALL.get(JAVA_BYTE, address);
    }

    static byte[] getBytes(long address, int length) {
        return length == 0 ? new byte[0] : ALL.asSlice(address, length).toArray(JAVA_BYTE);
    }

    static String getString(long address) {
        return address == 0 ? "" : ALL.getString(address);
    }
}
