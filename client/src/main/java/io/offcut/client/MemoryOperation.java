package io.offcut.client;

import java.lang.foreign.MemorySegment;

/**
 * One operation on a {@link RemoteMemory}. Segments are native or of a byte array, and must stay as
 * they are until the operation has ended. Offsets are in bytes.
 */
public sealed interface MemoryOperation {
    /** Where it begins. */
    long offset();

    /** Fills the target. */
    record Read(long offset, MemorySegment target) implements MemoryOperation {
        public Read {
            requireBytes(target);
            if (target.isReadOnly()) {
                throw new IllegalArgumentException(target + " is not to be written");
            }
        }
    }

    /** Writes all of the source. */
    record Write(long offset, MemorySegment source) implements MemoryOperation {
        public Write {
            requireBytes(source);
        }
    }

    /** Adds to the eight bytes, little-endian, at a multiple of eight. */
    record FetchAndAdd(long offset, long addend) implements MemoryOperation {}

    /** Replaces the eight bytes, little-endian, at a multiple of eight, where they are expected. */
    record CompareAndSwap(long offset, long expected, long value) implements MemoryOperation {}

    private static void requireBytes(MemorySegment segment) {
        if (!segment.isNative() && !(segment.heapBase().orElse(null) instanceof byte[])) {
            throw new IllegalArgumentException(
                    segment + " is neither native nor of a byte array that may be written");
        }
    }
}
