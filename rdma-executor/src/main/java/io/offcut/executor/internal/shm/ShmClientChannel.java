package io.offcut.executor.internal.shm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.InvocationChannel;
import io.offcut.executor.internal.SlotBook;
import io.offcut.linux.ProcessRef;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a region. A dead worker is noticed without help: while the caller polls or
 * waits, the worker's process is looked up every 100 ms.
 *
 * <p>{@link #await} holds its carrier when called from a virtual thread, and notices an interrupt
 * within 100 ms.
 */
public final class ShmClientChannel implements InvocationChannel {
    private static final long LOOK_NANOS = 100_000_000;
    private static final long FIRST_PARK_NANOS = 50_000;
    private static final long MAX_PARK_NANOS = 500_000;
    private static final int POLLS_PER_STATE = 32;
    private static final int POLLS_PER_CLOCK = 1024;

    private final ShmMapping mapping;
    private final MemorySegment region;
    private final ShmClaim claim;
    private final int payloadBytes;
    private final SlotBook book;
    private final int[] sequences;
    private final MemorySegment[] inputs;
    private final long[] resultOffsets;
    private final @Nullable ProcessRef worker;
    private long draining;
    private int ended;
    private int idlePolls;
    private long lookedNanos;
    private boolean closed;

    /** With the worker's process, if that can be seen from here. */
    ShmClientChannel(ShmMapping mapping, ShmClaim claim, @Nullable ProcessRef worker) {
        this.mapping = mapping;
        this.region = mapping.region();
        this.claim = claim;
        this.payloadBytes = mapping.payloadBytes();
        this.book = new SlotBook(mapping.slots());
        this.inputs = mapping.inputs();
        this.sequences = new int[mapping.slots()];
        this.resultOffsets = new long[mapping.slots()];
        this.worker = worker;
        this.lookedNanos = System.nanoTime();
        for (int slot = 0; slot < sequences.length; slot++) {
            resultOffsets[slot] =
                    ShmLayout.resultOffset(mapping.slots(), mapping.payloadBytes(), slot);
            sequences[slot] = sequence(ShmLayout.requestOffset(slot));
            if (sequence(ShmLayout.responseOffset(slot)) != sequences[slot]) {
                draining |= 1L << slot;
                book.draining(slot);
            }
        }
    }

    /**
     * Opens a region and waits until a worker serves it. Blocks for at most the time-out.
     *
     * @throws OffcutException {@code UNREACHABLE} if no worker comes in time, {@code CONFLICT} if
     *     the region has ended or another client has it, and as {@link ShmMapping#open}
     */
    public static ShmClientChannel open(Path file, long timeoutNanos) {
        ShmMapping mapping = ShmMapping.open(file);
        try {
            awaitReady(file, mapping.region(), System.nanoTime() + timeoutNanos);
            MemorySegment region = mapping.region();
            return new ShmClientChannel(mapping, ShmClaim.take(region), worker(region));
        } catch (OffcutException | InternalError e) {
            mapping.close();
            throw e;
        }
    }

    private static void awaitReady(Path file, MemorySegment region, long deadlineNanos) {
        long parkNanos = FIRST_PARK_NANOS;
        while (ShmLayout.state(region) != ShmLayout.READY) {
            int state = ShmLayout.state(region);
            if (state < 0) {
                throw new OffcutException(
                        ErrorCode.CONFLICT,
                        "the worker of region "
                                + file
                                + " has ended: "
                                + InvocationStatus.of(state)
                                + "; ask for a new lease");
            }
            if (System.nanoTime() - deadlineNanos >= 0 || Thread.currentThread().isInterrupted()) {
                throw new OffcutException(
                        ErrorCode.UNREACHABLE, "no worker serves region " + file + " yet");
            }
            // Mostly it is a matter of a millisecond; a start takes a hundred.
            LockSupport.parkNanos(parkNanos);
            parkNanos = Math.min(MAX_PARK_NANOS, parkNanos + parkNanos / 16);
        }
    }

    /** Null when the worker's process cannot be seen from here. */
    private static @Nullable ProcessRef worker(MemorySegment region) {
        long namespace = longWord(region, ShmLayout.WORKER_PID_NAMESPACE_OFFSET);
        return namespace != ShmClaim.pidNamespace()
                ? null
                : new ProcessRef(
                        longWord(region, ShmLayout.WORKER_PID_OFFSET),
                        longWord(region, ShmLayout.WORKER_START_TICKS_OFFSET));
    }

    private static long longWord(MemorySegment region, int offset) {
        return (long) ShmLayout.LONG.getVolatile(region, (long) offset);
    }

    @Override
    public int slots() {
        return book.slots();
    }

    @Override
    public int payloadBytes() {
        return payloadBytes;
    }

    @Override
    public int acquire() {
        if (ended != 0) {
            return NONE;
        }
        int slot = book.acquire();
        if (slot == NONE && draining != 0) {
            drain();
            slot = book.acquire();
        }
        return slot;
    }

    /** Frees the slots that a client who is gone had posted, where the worker is done with them. */
    private void drain() {
        for (long left = draining; left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            if (sequence(ShmLayout.responseOffset(slot)) == sequences[slot]) {
                draining &= ~(1L << slot);
                book.drained(slot);
            }
        }
    }

    @Override
    public MemorySegment input(int slot) {
        return inputs[slot];
    }

    @Override
    public int post(int slot, long invocationId, int functionIndex, int bytes, long deadlineNanos) {
        book.requireAcquired(slot);
        if (bytes < 0 || bytes > payloadBytes) {
            return InvocationStatus.TOO_LARGE.code();
        }
        if (ended != 0) {
            return ended;
        }
        try {
            long offset = ShmLayout.requestOffset(slot);
            InvocationFrame.writeRequest(
                    region,
                    offset,
                    invocationId,
                    functionIndex,
                    bytes,
                    payloadBytes,
                    deadlineNanos);
            book.post(slot, invocationId);
            ShmLayout.INT.setVolatile(
                    region, offset + InvocationFrame.SEQUENCE_OFFSET, ++sequences[slot]);
            mapping.wakeWorkerIfSleeping();
            return 0;
        } catch (InternalError e) {
            broken();
            return ended;
        }
    }

    @Override
    public int poll() {
        long posted = book.posted();
        if (posted == 0) {
            return NONE;
        }
        if (ended != 0) {
            return book.failOne(ended);
        }
        try {
            int slot = completed(posted);
            return slot == NONE ? idle() : slot;
        } catch (InternalError e) {
            broken();
            return book.failOne(ended);
        }
    }

    private int completed(long posted) {
        int first = book.next();
        for (long left = Long.rotateRight(posted, first); left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left) + first & SlotBook.MAX_SLOTS - 1;
            long offset = ShmLayout.responseOffset(slot);
            if (sequence(offset) == sequences[slot]) {
                complete(slot, offset);
                return slot;
            }
        }
        return NONE;
    }

    private void complete(int slot, long offset) {
        int bytes = InvocationFrame.payloadBytes(region, offset);
        int status = InvocationFrame.statusCode(region, offset);
        int check =
                InvocationFrame.check(region, offset, InvocationFrame.RESPONSE_MAGIC, payloadBytes);
        if (check != 0
                || bytes < 0
                || bytes > payloadBytes
                || status > 0
                || !book.isPosted(slot, InvocationFrame.invocationId(region, offset))) {
            book.complete(slot, check != 0 ? check : InvocationStatus.MALFORMED.code(), 0, 0);
        } else {
            book.complete(slot, status, bytes, InvocationFrame.executionNanos(region, offset));
        }
    }

    /** Nothing was there: has the worker ended? What it answered before it ended still counts. */
    private int idle() {
        if (++idlePolls % POLLS_PER_STATE != 0) {
            return NONE;
        }
        int state = ShmLayout.state(region);
        if (state < 0) {
            int slot = completed(book.posted());
            if (slot == NONE) {
                ended = state;
                slot = book.failOne(ended);
            }
            return slot;
        }
        if (idlePolls % POLLS_PER_CLOCK == 0) {
            lookForWorker();
        }
        return NONE;
    }

    private void lookForWorker() {
        long now = System.nanoTime();
        if (now - lookedNanos >= LOOK_NANOS) {
            lookedNanos = now;
            if (worker != null && !worker.isAlive()) {
                mapping.end(InvocationStatus.CRASHED.code());
            }
        }
    }

    private void broken() {
        ended = InvocationStatus.DISCONNECTED.code();
    }

    @Override
    public int await(long timeoutNanos) {
        long start = System.nanoTime();
        while (true) {
            int slot = poll();
            if (slot != NONE || book.posted() == 0) {
                return slot;
            }
            long left = timeoutNanos - (System.nanoTime() - start);
            if (left <= 0 || Thread.currentThread().isInterrupted()) {
                return NONE;
            }
            sleep(Math.min(left, LOOK_NANOS));
            lookForWorker();
        }
    }

    private void sleep(long nanos) {
        try {
            mapping.clientWillSleep();
            if (ShmLayout.state(region) >= 0 && !anyCompleted()) {
                mapping.clientSleeps(nanos);
            }
            mapping.clientIsAwake();
        } catch (InternalError e) {
            broken();
        }
    }

    private boolean anyCompleted() {
        for (long left = book.posted(); left != 0; left &= left - 1) {
            int slot = Long.numberOfTrailingZeros(left);
            if (sequence(ShmLayout.responseOffset(slot)) == sequences[slot]) {
                return true;
            }
        }
        return false;
    }

    private int sequence(long headerOffset) {
        return (int)
                ShmLayout.INT.getAcquire(region, headerOffset + InvocationFrame.SEQUENCE_OFFSET);
    }

    @Override
    public long invocationId(int slot) {
        return book.invocationId(slot);
    }

    @Override
    public int status(int slot) {
        return book.statusCode(slot);
    }

    @Override
    public MemorySegment result(int slot) {
        return region.asSlice(resultOffsets[slot], book.resultBytes(slot));
    }

    @Override
    public long executionNanos(int slot) {
        return book.executionNanos(slot);
    }

    @Override
    public void release(int slot) {
        book.release(slot);
    }

    @Override
    public int ended() {
        if (ended == 0 && book.posted() == 0) {
            try {
                ended = Math.min(0, ShmLayout.state(region));
            } catch (InternalError e) {
                broken();
            }
        }
        return ended;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try {
                claim.release();
            } catch (InternalError e) {
                broken();
            }
            mapping.close();
        }
    }
}
