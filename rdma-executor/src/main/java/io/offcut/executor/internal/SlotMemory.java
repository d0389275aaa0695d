package io.offcut.executor.internal;

import io.offcut.linux.GuardedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Private memory of a channel's end that does not share any: per slot one input and one result,
 * each beginning on a page and followed by one that nobody may touch. A page costs nothing until it
 * is used. Thread-safe.
 */
public final class SlotMemory implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment[] inputs;
    private final MemorySegment[] results;

    /** Maps the memory. @throws io.offcut.core.OffcutException if there is no address space left */
    public SlotMemory(int slots, int payloadBytes) {
        long page = GuardedMemory.pageBytes();
        long area = (payloadBytes + page - 1) / page * page;
        inputs = new MemorySegment[slots];
        results = new MemorySegment[slots];
        try {
            MemorySegment all = GuardedMemory.map(2L * slots * (area + page), arena);
            long offset = 0;
            for (int slot = 0; slot < slots; slot++) {
                inputs[slot] = all.asSlice(offset, payloadBytes);
                results[slot] = all.asSlice(offset + area + page, payloadBytes);
                boolean ignored =
                        GuardedMemory.guard(all.asSlice(offset + area, page))
                                && GuardedMemory.guard(all.asSlice(offset + 2 * area + page, page));
                offset += 2 * (area + page);
            }
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    public MemorySegment input(int slot) {
        return inputs[slot];
    }

    public MemorySegment result(int slot) {
        return results[slot];
    }

    /** The inputs as buffers over the same memory. */
    public ByteBuffer[] inputBuffers() {
        return buffers(inputs);
    }

    /** The results as buffers over the same memory. */
    public ByteBuffer[] resultBuffers() {
        return buffers(results);
    }

    private static ByteBuffer[] buffers(MemorySegment[] segments) {
        ByteBuffer[] buffers = new ByteBuffer[segments.length];
        for (int slot = 0; slot < segments.length; slot++) {
            buffers[slot] = segments[slot].asByteBuffer();
        }
        return buffers;
    }

    @Override
    public void close() {
        arena.close();
    }
}
