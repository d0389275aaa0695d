package io.offcut.executor.internal.shm;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.WorkerChannel;
import io.offcut.linux.ProcessRef;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The worker's end of a region. {@link #end} and {@link #wake} are thread-safe; everything else is
 * for the worker's thread.
 */
public final class ShmWorkerChannel implements WorkerChannel {
    private final ShmMapping mapping;
    private final MemorySegment region;
    private final int slots;
    private final int payloadBytes;
    private final MemorySegment[] inputs;
    private final MemorySegment[] results;
    private final MemorySegment header;
    private final int[] served;
    private final long[] invocationIds;
    private final int[] functionIndices;
    private final int[] inputBytes;
    private final int[] resultCapacities;
    private final long[] deadlines;
    private int next;

    private ShmWorkerChannel(ShmMapping mapping) {
        this.mapping = mapping;
        this.region = mapping.region();
        this.slots = mapping.slots();
        this.payloadBytes = mapping.payloadBytes();
        this.inputs = mapping.inputs();
        this.results = mapping.results();
        this.header = MemorySegment.ofArray(new long[InvocationFrame.HEADER_BYTES / Long.BYTES]);
        this.served = new int[slots];
        this.invocationIds = new long[slots];
        this.functionIndices = new int[slots];
        this.inputBytes = new int[slots];
        this.resultCapacities = new int[slots];
        this.deadlines = new long[slots];
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
        ProcessRef self = ProcessRef.of(ProcessHandle.current().pid());
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

    @Override
    public int poll() {
        for (int looked = 0; looked < slots; looked++) {
            int slot = next;
            next = slot + 1 == slots ? 0 : slot + 1;
            long offset = ShmLayout.requestOffset(slot);
            int sequence = sequence(offset);
            if (sequence != served[slot]) {
                served[slot] = sequence;
                if (accept(slot, offset)) {
                    return slot;
                }
            }
        }
        return NONE;
    }

    /** Copies the header first: the client may change it while we look. */
    private boolean accept(int slot, long offset) {
        MemorySegment.copy(region, offset, header, 0, InvocationFrame.HEADER_BYTES);
        invocationIds[slot] = InvocationFrame.invocationId(header, 0);
        int check = InvocationFrame.check(header, 0, InvocationFrame.REQUEST_MAGIC, payloadBytes);
        int capacity = InvocationFrame.resultCapacityBytes(header, 0);
        if (check == 0 && capacity < 0) {
            check = InvocationStatus.MALFORMED.code();
        }
        if (check != 0) {
            complete(slot, check, 0, 0);
            return false;
        }
        functionIndices[slot] = InvocationFrame.functionIndex(header, 0);
        inputBytes[slot] = InvocationFrame.payloadBytes(header, 0);
        resultCapacities[slot] = Math.min(capacity, payloadBytes);
        deadlines[slot] = InvocationFrame.deadlineNanos(header, 0);
        return true;
    }

    /** Whether a request waits; takes none. */
    private boolean anyRequest() {
        for (int slot = 0; slot < slots; slot++) {
            if (sequence(ShmLayout.requestOffset(slot)) != served[slot]) {
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
    public void complete(int slot, int statusCode, int resultBytes, long executionNanos) {
        long offset = ShmLayout.responseOffset(slot);
        InvocationFrame.writeResponse(
                region, offset, invocationIds[slot], statusCode, resultBytes, executionNanos);
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
        if (!anyRequest() && ended() == 0 && before.getAsBoolean()) {
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
        return invocationIds[slot];
    }

    @Override
    public int functionIndex(int slot) {
        return functionIndices[slot];
    }

    @Override
    public int inputBytes(int slot) {
        return inputBytes[slot];
    }

    @Override
    public int resultCapacityBytes(int slot) {
        return resultCapacities[slot];
    }

    @Override
    public long deadlineNanos(int slot) {
        return deadlines[slot];
    }

    @Override
    public MemorySegment input(int slot) {
        return inputs[slot];
    }

    @Override
    public MemorySegment result(int slot) {
        return results[slot];
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
