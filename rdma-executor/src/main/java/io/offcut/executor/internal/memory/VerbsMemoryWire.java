package io.offcut.executor.internal.memory;

import static com.ibm.disni.verbs.IbvSendWR.IBV_SEND_FENCE;
import static com.ibm.disni.verbs.IbvSendWR.IBV_SEND_INLINE;
import static com.ibm.disni.verbs.IbvSendWR.IBV_SEND_SIGNALED;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import io.offcut.executor.internal.rdma.OffcutRdma;
import io.offcut.executor.internal.rdma.PostSend;
import io.offcut.executor.internal.verbs.VerbsLink;
import io.offcut.executor.internal.verbs.VerbsRoute;
import io.offcut.linux.GuardedMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A client's queue pair to a holder, and the registered memory through which all goes: the device
 * never touches memory of the caller's. Pieces are posted in batches. A batch ends with a read of
 * the state of the memory, whose completion is that of all before it. Up to {@value #BATCHES}
 * batches are under way, so that copying goes on beside the network.
 *
 * <p>Operations are carried out in the order of posting: a device may let a write overtake a read
 * or an atomic operation, and those each other, so they are fenced. Of the state's read nobody
 * minds the order, since the memory is this lease's for as long as it can be reached at all.
 *
 * <p>For one thread. Nothing here allocates after it was made.
 */
final class VerbsMemoryWire implements AutoCloseable {
    /** Of {@link #reserve}: there is no room before a batch was taken. */
    static final long NO_ROOM = -1;

    /** Of {@link #take}: an operation failed, or the connection is broken. */
    static final int FAILED = -1;

    private static final int STAGING_BYTES = 4 << 20;
    private static final int BATCHES = 8;
    private static final int MAX_PIECES = 128;
    private static final int LINE_BYTES = 64;
    private static final int NONE = 0;

    private final VerbsRoute route;
    private final VerbsLink link;
    private final VerbsMemoryHello.Reply holder;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment staging;
    private final IbvMr region;
    private final PostSend[] posts = new PostSend[MemoryFrame.COMPARE_AND_SWAP + 1];
    private final PostSend stateRead;

    /** Of the batches under way, by their number: pieces in it, and where its memory ends. */
    private final int[] batchPieces = new int[BATCHES];

    private final long[] batchEnds = new long[BATCHES];
    private long opened;
    private long taken;
    private int pieces;

    /** Pieces of all batches under way. */
    private int underWay;

    /** The staging memory is a ring: these only grow, but begin anew when nothing is under way. */
    private long head;

    private long tail;
    private int lastKind = NONE;
    private boolean broken;
    private int state;

    /**
     * Takes over the route and the link, also when it fails.
     *
     * @throws IOException if no memory can be registered
     */
    VerbsMemoryWire(VerbsRoute route, VerbsLink link, VerbsMemoryHello.Reply holder)
            throws IOException {
        this.route = route;
        this.link = link;
        this.holder = holder;
        try {
            this.staging = GuardedMemory.map(STAGING_BYTES + (long) BATCHES * LINE_BYTES, arena);
            this.region =
                    OffcutRdma.verbs().register(route.pd(), staging, IbvMr.IBV_ACCESS_LOCAL_WRITE);
        } catch (IOException | RuntimeException e) {
            route.close();
            arena.close();
            throw e;
        }
        try {
            posts[MemoryFrame.READ] = prepare(IbvSendWR.IBV_WR_RDMA_READ);
            posts[MemoryFrame.WRITE] = prepare(IbvSendWR.IBV_WR_RDMA_WRITE);
            posts[MemoryFrame.FETCH_AND_ADD] = prepare(IbvSendWR.IBV_WR_ATOMIC_FETCH_AND_ADD);
            posts[MemoryFrame.COMPARE_AND_SWAP] = prepare(IbvSendWR.IBV_WR_ATOMIC_CMP_AND_SWP);
            stateRead = prepare(IbvSendWR.IBV_WR_RDMA_READ);
            posts[NONE] = stateRead;
        } catch (RuntimeException e) {
            giveBack();
            throw e;
        }
    }

    private PostSend prepare(int opcode) {
        PostSend prepared = link.prepare(opcode, new IbvSge());
        prepared.getWrMod(0).getSgeMod(0).setLkey(region.getLkey());
        prepared.getWrMod(0).setRkey(holder.memoryKey());
        return prepared;
    }

    /** How many requests are under way at most. */
    static int depth() {
        return MAX_PIECES + BATCHES;
    }

    long bytes() {
        return holder.bytes();
    }

    /** What goes through the staging memory. */
    MemorySegment staging() {
        return staging;
    }

    /** Whether another batch may be begun. */
    boolean hasRoom() {
        return opened - taken < BATCHES;
    }

    /** Room for one more piece of this batch. @return where in the staging memory, or NO_ROOM */
    long reserve(int length) {
        if (underWay + pieces == MAX_PIECES) {
            return NO_ROOM;
        }
        if (opened == taken && pieces == 0) {
            head = 0;
            tail = 0;
            lastKind = NONE;
        }
        int rounded = length + LINE_BYTES - 1 & -LINE_BYTES;
        long at = head % STAGING_BYTES;
        long skipped = at + rounded > STAGING_BYTES ? STAGING_BYTES - at : 0;
        if (head + skipped + rounded - tail > STAGING_BYTES) {
            return NO_ROOM;
        }
        head += skipped + rounded;
        pieces++;
        return skipped > 0 ? 0 : at;
    }

    /**
     * Posts a piece that was reserved; one of no length is complete without.
     *
     * @param kind as {@link MemoryFrame} numbers operations
     */
    void post(int kind, long offset, long at, int length, long first, long second) {
        if (length == 0) {
            return;
        }
        PostSend post = posts[kind];
        PostSend.Request request = post.getWrMod(0);
        request.setRemote_addr(holder.memoryAddress() + offset);
        request.getSgeMod(0).setAddr(staging.address() + at);
        request.getSgeMod(0).setLength(length);
        int flags = fence(kind);
        if (kind == MemoryFrame.WRITE) {
            flags |= length <= link.maxInlineBytes() ? IBV_SEND_INLINE : 0;
        } else if (kind != MemoryFrame.READ) {
            request.setAtomic(first, second);
        }
        request.setSend_flags(flags);
        broken = broken || post.post() != 0;
    }

    /** Reads may be under way together, atomic operations too, but not one with the other. */
    private int fence(int kind) {
        int before = lastKind;
        lastKind = kind;
        boolean answered = before != NONE && before != MemoryFrame.WRITE;
        boolean same = before == kind || (before > MemoryFrame.WRITE && kind > MemoryFrame.WRITE);
        return answered && !same ? IBV_SEND_FENCE : 0;
    }

    /** Ends the batch of all that was posted since the last. */
    void endBatch() {
        int slot = (int) (opened % BATCHES);
        PostSend.Request request = stateRead.getWrMod(0);
        request.setWr_id(opened + 1);
        request.setRemote_addr(holder.stateAddress());
        request.setRkey(holder.stateKey());
        request.getSgeMod(0).setAddr(staging.address() + stateOffset(slot));
        request.getSgeMod(0).setLength(Integer.BYTES);
        request.setSend_flags(IBV_SEND_SIGNALED);
        broken = broken || stateRead.post() != 0;
        batchPieces[slot] = pieces;
        batchEnds[slot] = head;
        underWay += pieces;
        pieces = 0;
        opened++;
    }

    private static long stateOffset(int slot) {
        return STAGING_BYTES + (long) slot * LINE_BYTES;
    }

    /**
     * Looks for the end of the oldest batch. What it has read is in the staging memory until {@link
     * #release}.
     *
     * @return how many pieces it had; 0 when it is under way, or there is none; or FAILED
     */
    int take() {
        if (broken) {
            return FAILED;
        }
        if (opened == taken) {
            return 0;
        }
        long number = link.nextSent();
        if (number == 0) {
            return 0;
        }
        // Whoever did not release the last one was thrown out in the middle of it.
        if (number != taken + 1) {
            broken = true;
            return FAILED;
        }
        int slot = (int) (taken % BATCHES);
        state = staging.get(ValueLayout.JAVA_INT, stateOffset(slot));
        return batchPieces[slot];
    }

    /** State of the memory, as the batch saw it that was taken last. */
    int state() {
        return state;
    }

    /** Gives back the room of the batch that was taken. */
    void release() {
        int slot = (int) (taken % BATCHES);
        underWay -= batchPieces[slot];
        tail = batchEnds[slot];
        taken++;
    }

    /**
     * Looks whether the holder has said why it ends.
     *
     * @return {@link VerbsLink#ARRIVED} with {@link #word}, {@link VerbsLink#BROKEN}, or {@link
     *     VerbsLink#NOTHING}
     */
    int hear() {
        return link.next();
    }

    int word() {
        return link.immediate();
    }

    /** As {@link VerbsRoute#lookNowAndThen}. */
    void lookNowAndThen() {
        boolean ignored = route.lookNowAndThen(System.nanoTime());
    }

    /** As {@link VerbsLink#arm}. */
    void arm() {
        link.arm();
    }

    /** As {@link VerbsLink#await}; also until the connection manager has something to say. */
    void await(long timeoutNanos) {
        if (link.await(timeoutNanos)) {
            route.look();
        }
    }

    @Override
    public void close() {
        giveBack();
    }

    private void giveBack() {
        route.hangUp();
        boolean mapped = false;
        try {
            var _ = region.deregMr().execute();
        } catch (IOException e) {
            // The device may still write there.
            mapped = true;
        }
        route.close();
        if (!mapped) {
            arena.close();
        }
    }
}
