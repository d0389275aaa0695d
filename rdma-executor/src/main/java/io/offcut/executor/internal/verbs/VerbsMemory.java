package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.linux.GuardedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of all slots of a channel, or the results: of each a payload that begins on a page,
 * with its header right before it, so that both are one write. Registering takes all of its memory
 * and keeps it, until it is closed.
 */
final class VerbsMemory implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final boolean guarded;
    private final long strideBytes;
    private final MemorySegment[] frames;
    private final MemorySegment[] payloads;
    private final @Nullable IbvMr[] regions;
    private boolean stays;

    /**
     * Maps it.
     *
     * @param guarded whether a page that nobody may touch follows each payload; then each frame is
     *     a region of its own, and else all are one
     * @throws io.offcut.core.OffcutException if there is no address space left
     */
    VerbsMemory(int slots, int payloadBytes, boolean guarded) {
        long page = GuardedMemory.pageBytes();
        long frame = frameBytes(payloadBytes);
        this.guarded = guarded;
        this.strideBytes = frame + (guarded ? page : 0);
        this.frames = new MemorySegment[slots];
        this.payloads = new MemorySegment[slots];
        this.regions = new IbvMr[guarded ? slots : 1];
        try {
            // One page more than the slots need: what runs over the last runs into it.
            MemorySegment all = GuardedMemory.map(slots * strideBytes + page, arena);
            for (int slot = 0; slot < slots; slot++) {
                long payload = slot * strideBytes + page;
                payloads[slot] = all.asSlice(payload, payloadBytes);
                frames[slot] =
                        all.asSlice(
                                payload - InvocationFrame.HEADER_BYTES,
                                InvocationFrame.HEADER_BYTES + (long) payloadBytes);
                if (guarded || slot == slots - 1) {
                    boolean ignored =
                            GuardedMemory.guard(all.asSlice(slot * strideBytes + frame, page));
                }
            }
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /**
     * How much of a channel stays in memory while it is registered, inputs and results of one slot
     * together.
     */
    static long registeredBytesPerSlot(int payloadBytes) {
        return 2 * frameBytes(payloadBytes);
    }

    /** Of whole pages: the one that the header ends, and those of the payload. */
    private static long frameBytes(int payloadBytes) {
        long page = GuardedMemory.pageBytes();
        return page + (payloadBytes + page - 1) / page * page;
    }

    /** Lets the device read it, and who has the key do what {@code access} says: all or nothing. */
    void register(IbvPd pd, int access) throws IOException {
        try {
            for (int i = 0; i < regions.length; i++) {
                MemorySegment last = frames[guarded ? i : frames.length - 1];
                long bytes = last.address() + last.byteSize() - frames[i].address();
                MemorySegment region =
                        MemorySegment.ofAddress(frames[i].address()).reinterpret(bytes);
                regions[i] = OffcutRdma.verbs().register(pd, region, access);
            }
        } catch (IOException | RuntimeException e) {
            boolean ignored = deregister();
            throw e;
        }
    }

    /** Undoes {@link #register}. @return false if some of it stays pinned, and must stay mapped */
    boolean deregister() {
        for (int i = 0; i < regions.length; i++) {
            IbvMr region = regions[i];
            // Not tried again: its device may be gone by then, and what was known of it freed.
            regions[i] = null;
            try {
                if (region != null) {
                    var _ = region.deregMr().execute();
                }
            } catch (IOException e) {
                stays = true;
            }
        }
        return !stays;
    }

    /** The slot's header and, behind it, its payload. */
    MemorySegment frame(int slot) {
        return frames[slot];
    }

    MemorySegment payload(int slot) {
        return payloads[slot];
    }

    /** For requests of this side that read or write the slot. */
    int lkey(int slot) {
        return region(guarded ? slot : 0).getLkey();
    }

    /** For requests of the other side, where all is one region. */
    int rkey() {
        return region(0).getRkey();
    }

    private IbvMr region(int index) {
        return Objects.requireNonNull(regions[index], "not registered");
    }

    /** From a slot's frame to the next. */
    long strideBytes() {
        return strideBytes;
    }

    @Override
    public void close() {
        if (deregister()) {
            arena.close();
        }
    }
}
