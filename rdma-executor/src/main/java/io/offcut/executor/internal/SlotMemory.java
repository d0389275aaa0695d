package io.offcut.executor.internal;

import io.offcut.core.frame.InvocationFrame;
import io.offcut.linux.GuardedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Private memory of a channel's end that does not share any: per slot one input and one result,
 * each beginning on a page and followed by one that nobody may touch. Before each is room for a
 * frame's header, so that a frame is sent in one piece: Java allocates for each gathering write of
 * such memory. A page costs nothing until it is used. Thread-safe.
 */
public final class SlotMemory implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment[] inputs;
    private final MemorySegment[] results;
    private final MemorySegment[] inputFrames;
    private final MemorySegment[] resultFrames;

    /** Maps the memory. @throws io.offcut.core.OffcutException if there is no address space left */
    public SlotMemory(int slots, int payloadBytes) {
        long page = GuardedMemory.pageBytes();
        long area = (payloadBytes + page - 1) / page * page;
        inputs = new MemorySegment[slots];
        results = new MemorySegment[slots];
        inputFrames = new MemorySegment[slots];
        resultFrames = new MemorySegment[slots];
        try {
            MemorySegment all = GuardedMemory.map(2L * slots * (page + area + page), arena);
            long offset = page;
            for (int slot = 0; slot < slots; slot++) {
                inputs[slot] = all.asSlice(offset, payloadBytes);
                inputFrames[slot] = frame(all, offset, payloadBytes);
                boolean ignored = GuardedMemory.guard(all.asSlice(offset + area, page));
                offset += area + 2 * page;
                results[slot] = all.asSlice(offset, payloadBytes);
                resultFrames[slot] = frame(all, offset, payloadBytes);
                ignored = GuardedMemory.guard(all.asSlice(offset + area, page));
                offset += area + 2 * page;
            }
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment frame(MemorySegment all, long offset, int payloadBytes) {
        return all.asSlice(
                offset - InvocationFrame.HEADER_BYTES,
                InvocationFrame.HEADER_BYTES + (long) payloadBytes);
    }

    public MemorySegment input(int slot) {
        return inputs[slot];
    }

    public MemorySegment result(int slot) {
        return results[slot];
    }

    /** By slot: room for a header, then the input. */
    public MemorySegment[] inputFrames() {
        return inputFrames.clone();
    }

    /** By slot: room for a header, then the result. */
    public MemorySegment[] resultFrames() {
        return resultFrames.clone();
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
