package io.offcut.executor.internal.shm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.WorkerChannel;
import io.offcut.executor.internal.function.Call;
import io.offcut.linux.ProcessRef;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The worker's end of a region. {@link #end} and {@link #wake} are thread-safe; everything else is
 * for the worker's thread.
 */
public final class ShmWorkerChannel implements WorkerChannel {
    private static final int IDLE_POLLS_PER_SCAN = 16;

    private final ShmMapping mapping;
    private final MemorySegment region;
    private final int slots;
    private final int payloadBytes;
    private final Call[] calls;
    private final int[] served;
    private long invocationId;
    private int functionIndex;
    private int inputBytes;
    private int resultCapacityBytes;
    private long deadlineNanos;
    private int next;
    private int last;
    private int idlePolls;

    ShmWorkerChannel(ShmMapping mapping) {
        this.mapping = mapping;
        this.region = mapping.region();
        this.slots = mapping.slots();
        this.payloadBytes = mapping.payloadBytes();
        this.calls = calls(mapping);
        this.served = new int[slots];
    }

    private static Call[] calls(ShmMapping mapping) {
        MemorySegment[] inputs = mapping.inputs();
        MemorySegment[] results = mapping.results();
        Call[] calls = new Call[inputs.length];
        for (int slot = 0; slot < calls.length; slot++) {
            calls[slot] = new Call(inputs[slot], results[slot]);
        }
        return calls;
    }

    /**
     * Opens a region that no worker has served yet and says that this process serves it now.
     *
     * @throws OffcutException {@code CONFLICT} if it has or had a worker or has ended, and as
     *     {@link ShmMapping#open}
     */
    public static ShmWorkerChannel open(Path file) {
        ShmMapping mapping = ShmMapping.open(file);
        try {
            mapping.guard();
            ShmWorkerChannel channel = new ShmWorkerChannel(mapping);
            channel.announce(file);
            return channel;
        } catch (OffcutException | InternalError e) {
            mapping.close();
            throw e;
        }
    }

    private void announce(Path file) {
        for (int slot = 0; slot < slots; slot++) {
            served[slot] = sequence(ShmLayout.responseOffset(slot));
        }
        ProcessRef self = ShmClaim.self();
        setLong(ShmLayout.WORKER_PID_OFFSET, self.pid());
        setLong(ShmLayout.WORKER_START_TICKS_OFFSET, self.startTimeTicks());
        setLong(ShmLayout.WORKER_PID_NAMESPACE_OFFSET, ShmClaim.pidNamespace());
        if (!ShmLayout.INT.compareAndSet(
                region, (long) ShmLayout.STATE_OFFSET, ShmLayout.MADE, ShmLayout.READY)) {
            throw new OffcutException(
                    ErrorCode.CONFLICT,
                    "region " + file + " has ended or has a worker; make a new one");
        }
    }

    private void setLong(int offset, long value) {
        ShmLayout.LONG.setVolatile(region, (long) offset, value);
    }

    /**
     * The slot after the one that was served last is where a client's next request is while several
     * are outstanding, and the same slot is where it is otherwise: two words to look at. All others
     * are looked at now and then.
     */
    @Override
    public int poll() {
        int slot = next;
        if (!waits(slot)) {
            slot = last;
            if (!waits(slot)) {
                if (++idlePolls % IDLE_POLLS_PER_SCAN != 0) {
                    return NONE;
                }
                slot = scan();
                if (slot == NONE) {
                    return NONE;
                }
            }
        }
        last = slot;
        next = slot + 1 == slots ? 0 : slot + 1;
        long offset = ShmLayout.requestOffset(slot);
        served[slot] = sequence(offset);
        return accept(slot, offset) ? slot : NONE;
    }

    private boolean waits(int slot) {
        return sequence(ShmLayout.requestOffset(slot)) != served[slot];
    }

    /** From the next slot on, so that none is passed over for ever. */
    private int scan() {
        for (int looked = 0, slot = next; looked < slots; looked++) {
            if (waits(slot)) {
                return slot;
            }
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
        return NONE;
    }

    /** Reads each word once, then checks what it read: the client may change it while we look. */
    private boolean accept(int slot, long offset) {
        long head = longWord(offset + InvocationFrame.MAGIC_OFFSET);
        // Two words in one, as InvocationFrame writes them.
        long functionAndBytes = longWord(offset + InvocationFrame.FUNCTION_INDEX_OFFSET);
        int bytes = (int) (functionAndBytes >>> Integer.SIZE);
        int capacity = word(offset + InvocationFrame.RESULT_CAPACITY_BYTES_OFFSET);
        invocationId = longWord(offset + InvocationFrame.INVOCATION_ID_OFFSET);
        deadlineNanos = longWord(offset + InvocationFrame.DEADLINE_NANOS_OFFSET);
        functionIndex = (int) functionAndBytes;
        inputBytes = bytes;
        resultCapacityBytes = Math.min(capacity, payloadBytes);
        boolean good =
                head == InvocationFrame.REQUEST_HEAD
                        && bytes >= 0
                        && bytes <= payloadBytes
                        && capacity >= 0;
        return good || judge(slot, head, bytes, capacity);
    }

    /** Answers what is no request. Out of the way of all that are. */
    private boolean judge(int slot, long head, int bytes, int capacity) {
        int check =
                InvocationFrame.check(
                        (int) head,
                        (short) (head >>> Integer.SIZE),
                        bytes,
                        InvocationFrame.REQUEST_MAGIC,
                        payloadBytes);
        if (check == 0 && capacity < 0) {
            check = InvocationStatus.MALFORMED.code();
        }
        if (check != 0) {
            complete(slot, check, 0, 0);
        }
        return check == 0;
    }

    private int word(long offset) {
        return (int) ShmLayout.INT.getOpaque(region, offset);
    }

    private long longWord(long offset) {
        return (long) ShmLayout.LONG.getOpaque(region, offset);
    }

    private int sequence(long headerOffset) {
        return (int)
                ShmLayout.INT.getAcquire(region, headerOffset + InvocationFrame.SEQUENCE_OFFSET);
    }

    @Override
    public void complete(int slot, int statusCode, int resultBytes, long executionNanos) {
        long offset = ShmLayout.responseOffset(slot);
        InvocationFrame.writeResponse(
                region, offset, invocationId, statusCode, resultBytes, executionNanos);
        ShmLayout.INT.setVolatile(region, offset + InvocationFrame.SEQUENCE_OFFSET, served[slot]);
        mapping.wakeClientIfSleeping();
    }

    /**
     * Sleeps until a request may be there, {@link #wake} was called, or the time is over. For the
     * worker's thread; blocks.
     *
     * @param before looked at once after the sleep was announced and before it begins: whoever
     *     changes its answer to false and then calls {@link #wake} is not missed
     */
    public void await(long timeoutNanos, java.util.function.BooleanSupplier before) {
        mapping.workerWillSleep();
        if (scan() == NONE && ended() == 0 && before.getAsBoolean()) {
            mapping.workerSleeps(timeoutNanos);
        }
        mapping.workerIsAwake();
    }

    /** Ends a sleep, now or the one being announced. Any thread. Does not block. */
    public void wake() {
        mapping.wakeWorkerIfSleeping();
    }

    /** Whether a client has this region. */
    public boolean claimed() {
        return ShmClaim.taken(region);
    }

    @Override
    public long invocationId(int slot) {
        return invocationId;
    }

    @Override
    public int functionIndex(int slot) {
        return functionIndex;
    }

    @Override
    public int inputBytes(int slot) {
        return inputBytes;
    }

    @Override
    public int resultCapacityBytes(int slot) {
        return resultCapacityBytes;
    }

    @Override
    public long deadlineNanos(int slot) {
        return deadlineNanos;
    }

    @Override
    public Call call(int slot) {
        return calls[slot];
    }

    @Override
    public int ended() {
        return Math.min(0, ShmLayout.state(region));
    }

    @Override
    public void end(int statusCode) {
        mapping.end(statusCode);
    }

    @Override
    public void close() {
        mapping.close();
    }
}
