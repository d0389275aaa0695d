package io.offcut.executor.internal.memory;

import io.offcut.core.frame.MemoryStatus;

/** Whether an operation stays within the memory. */
final class MemoryBounds {
    private MemoryBounds() {}

    /** Of a read or a write. @return 0, or the code of the status that refuses it */
    static int check(long memoryBytes, long offset, long length) {
        boolean inside =
                offset >= 0
                        && length >= 0
                        && offset <= memoryBytes
                        && length <= memoryBytes - offset;
        return inside ? 0 : MemoryStatus.OUT_OF_BOUNDS.code();
    }

    /** Of an atomic operation. @return 0, or the code of the status that refuses it */
    static int checkWord(long memoryBytes, long offset) {
        int refused = check(memoryBytes, offset, Long.BYTES);
        return refused == 0 && offset % Long.BYTES != 0 ? MemoryStatus.MISALIGNED.code() : refused;
    }
}
