package io.offcut.executor.internal.shm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.Futex;
import io.offcut.linux.GuardedMemory;
import io.offcut.linux.SharedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;

/**
 * A region that this process has mapped: its checked shape and its words. Thread-safe; closing
 * while another thread uses it makes that thread's access throw {@link IllegalStateException}.
 *
 * <p>A file that is shortened later makes an access throw {@link InternalError}.
 *
 * <p>Open within this package only: the stress tests watch {@link #sleep} and {@link #wake} in the
 * kernel's place.
 */
public class ShmMapping implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment region;
    private final int slots;
    private final int payloadBytes;
    private final MemorySegment workerSleeping;
    private final MemorySegment clientSleeping;

    ShmMapping(Arena arena, MemorySegment region, int slots, int payloadBytes) {
        this.arena = arena;
        this.region = region;
        this.slots = slots;
        this.payloadBytes = payloadBytes;
        this.workerSleeping = region.asSlice(ShmLayout.WORKER_SLEEPING_OFFSET, Integer.BYTES);
        this.clientSleeping = region.asSlice(ShmLayout.CLIENT_SLEEPING_OFFSET, Integer.BYTES);
    }

    /**
     * Maps the whole region.
     *
     * @throws OffcutException {@code INVALID_INPUT} if the file is not a region, or not as long as
     *     it says, {@code WRONG_VERSION} if its layout is another, {@code NOT_FOUND} and {@code
     *     FORBIDDEN} as {@link SharedMemory#open}
     */
    @SuppressWarnings("MustBeClosedChecker") // the mapping owns it
    public static ShmMapping open(Path file) {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = SharedMemory.openFile(file)) {
            ByteBuffer shape = shape(file, channel);
            int slots = shape.getInt(ShmLayout.SLOTS_OFFSET);
            int payloadBytes = shape.getInt(ShmLayout.PAYLOAD_BYTES_OFFSET);
            long bytes = ShmLayout.regionBytes(slots, payloadBytes);
            if (channel.size() != bytes) {
                throw invalid(file, "has not the " + bytes + " bytes that its shape needs");
            }
            MemorySegment region = channel.map(MapMode.READ_WRITE, 0, bytes, arena);
            return new ShmMapping(arena, region, slots, payloadBytes);
        } catch (IOException e) {
            arena.close();
            throw invalid(file, "cannot be read");
        } catch (OffcutException | InternalError e) {
            arena.close();
            throw e;
        }
    }

    /** Read, not mapped: that survives a file that shrinks. */
    private static ByteBuffer shape(Path file, FileChannel channel) throws IOException {
        ByteBuffer shape =
                ByteBuffer.allocate(ShmLayout.REGION_BYTES_OFFSET).order(ByteOrder.LITTLE_ENDIAN);
        int read = channel.read(shape, 0);
        if (read < shape.capacity()) {
            throw invalid(
                    file,
                    "has " + Math.max(0, read) + " bytes, expected at least " + shape.capacity());
        }
        if (shape.getInt(ShmLayout.MAGIC_OFFSET) != ShmLayout.MAGIC) {
            throw invalid(file, "is not a region");
        }
        int version = shape.getInt(ShmLayout.VERSION_OFFSET);
        if (version != ShmLayout.VERSION) {
            throw new OffcutException(
                    ErrorCode.WRONG_VERSION,
                    "region "
                            + file
                            + " has layout version "
                            + version
                            + ", this program knows "
                            + ShmLayout.VERSION
                            + "; use the same release on both sides");
        }
        if (!ShmLayout.valid(
                shape.getInt(ShmLayout.SLOTS_OFFSET),
                shape.getInt(ShmLayout.PAYLOAD_BYTES_OFFSET))) {
            throw invalid(file, "has an impossible shape");
        }
        return shape;
    }

    private static OffcutException invalid(Path file, String what) {
        return new OffcutException(
                ErrorCode.INVALID_INPUT, "region " + file + " " + what + "; ask for a new lease");
    }

    MemorySegment region() {
        return region;
    }

    int slots() {
        return slots;
    }

    int payloadBytes() {
        return payloadBytes;
    }

    MemorySegment[] inputs() {
        MemorySegment[] inputs = new MemorySegment[slots];
        for (int slot = 0; slot < slots; slot++) {
            long offset = ShmLayout.inputOffset(slots, payloadBytes, slot);
            inputs[slot] = region.asSlice(offset, payloadBytes);
        }
        return inputs;
    }

    MemorySegment[] results() {
        MemorySegment[] results = new MemorySegment[slots];
        for (int slot = 0; slot < slots; slot++) {
            long offset = ShmLayout.resultOffset(slots, payloadBytes, slot);
            results[slot] = region.asSlice(offset, payloadBytes);
        }
        return results;
    }

    /** Makes the page after each input and each result untouchable, where pages allow it. */
    void guard() {
        long area = ShmLayout.areaBytes(payloadBytes);
        for (int slot = 0; slot < slots; slot++) {
            long input = ShmLayout.inputOffset(slots, payloadBytes, slot);
            long result = ShmLayout.resultOffset(slots, payloadBytes, slot);
            if (!GuardedMemory.guard(region.asSlice(input + area, ShmLayout.PAGE_BYTES))
                    || !GuardedMemory.guard(region.asSlice(result + area, ShmLayout.PAGE_BYTES))) {
                return;
            }
        }
    }

    /**
     * Ends the region, unless it has ended, and wakes both sides. Reads and writes instead of
     * comparing and setting: two who end it at once are both right, and the virtual machine
     * survives a missing page only in reads and writes.
     */
    public void end(int statusCode) {
        if (ShmLayout.state(region) >= 0) {
            ShmLayout.INT.setVolatile(region, (long) ShmLayout.STATE_OFFSET, statusCode);
        }
        wakeClient();
        wakeWorker();
    }

    /** Ends an open region and wakes both sides, without touching its memory. */
    public static void end(FileChannel file, int statusCode) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment start = file.map(MapMode.READ_WRITE, 0, ShmLayout.HUGE_PAGE_BYTES, arena);
            putWord(start, ShmLayout.STATE_OFFSET, statusCode);
            putWord(start, ShmLayout.CLIENT_SLEEPING_OFFSET, 0);
            putWord(start, ShmLayout.WORKER_SLEEPING_OFFSET, 0);
            Futex.wake(start.asSlice(ShmLayout.WORKER_SLEEPING_OFFSET, 4), Integer.MAX_VALUE);
            Futex.wake(start.asSlice(ShmLayout.CLIENT_SLEEPING_OFFSET, 4), Integer.MAX_VALUE);
        } catch (IllegalStateException e) {
            throw new IOException("the region's file was shortened", e);
        }
    }

    private static void putWord(MemorySegment start, int offset, int value) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        SharedMemory.put(start.asSlice(offset), word.putInt(0, value));
    }

    /** To be called after a write that a sleeping client must see, and a full fence. */
    void wakeClientIfSleeping() {
        if ((int) ShmLayout.INT.getVolatile(region, (long) ShmLayout.CLIENT_SLEEPING_OFFSET) != 0) {
            wakeClient();
        }
    }

    /** To be called after a write that a sleeping worker must see, and a full fence. */
    void wakeWorkerIfSleeping() {
        if ((int) ShmLayout.INT.getVolatile(region, (long) ShmLayout.WORKER_SLEEPING_OFFSET) != 0) {
            wakeWorker();
        }
    }

    void wakeWorker() {
        ShmLayout.INT.setVolatile(region, (long) ShmLayout.WORKER_SLEEPING_OFFSET, 0);
        wake(workerSleeping);
    }

    private void wakeClient() {
        ShmLayout.INT.setVolatile(region, (long) ShmLayout.CLIENT_SLEEPING_OFFSET, 0);
        wake(clientSleeping);
    }

    void wake(MemorySegment word) {
        try {
            Futex.wake(word, Integer.MAX_VALUE);
        } catch (IllegalStateException e) {
            throw gone(e);
        }
    }

    void sleep(MemorySegment word, long nanos) {
        try {
            Futex.await(word, 1, nanos);
        } catch (IllegalStateException e) {
            throw gone(e);
        }
    }

    /** A futex whose page is gone fails as an access to that page does, for the same handling. */
    private InternalError gone(IllegalStateException e) {
        if (!arena.scope().isAlive()) {
            throw e;
        }
        return new InternalError("the region's file was shortened", e);
    }

    /** Announces that the worker is about to sleep; a look around must follow before it does. */
    void workerWillSleep() {
        ShmLayout.INT.setVolatile(region, (long) ShmLayout.WORKER_SLEEPING_OFFSET, 1);
        VarHandle.fullFence();
    }

    void workerSleeps(long nanos) {
        sleep(workerSleeping, nanos);
    }

    void workerIsAwake() {
        ShmLayout.INT.setVolatile(region, (long) ShmLayout.WORKER_SLEEPING_OFFSET, 0);
    }

    /** Announces that the client is about to sleep; a look around must follow before it does. */
    void clientWillSleep() {
        ShmLayout.INT.setVolatile(region, (long) ShmLayout.CLIENT_SLEEPING_OFFSET, 1);
        VarHandle.fullFence();
    }

    void clientSleeps(long nanos) {
        sleep(clientSleeping, nanos);
    }

    void clientIsAwake() {
        ShmLayout.INT.setVolatile(region, (long) ShmLayout.CLIENT_SLEEPING_OFFSET, 0);
    }

    @Override
    public void close() {
        arena.close();
    }
}
