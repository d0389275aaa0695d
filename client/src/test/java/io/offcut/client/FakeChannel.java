package io.offcut.client;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.InvocationChannel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A worker in this process: one thread runs what is posted, in order. Faults are made by calling
 * {@link #end} from outside, or by the {@link Work} that stands for the function.
 */
@SuppressWarnings("ArrayRecordComponent")
final class FakeChannel implements InvocationChannel {
    /** What a worker does with one input. */
    interface Work {
        /** The result; an {@link Ending} thrown says otherwise. */
        byte[] run(FakeChannel channel, int functionIndex, byte[] input) throws Exception;
    }

    /** Ends one invocation with a status. */
    static final class Ending extends RuntimeException {
        private static final long serialVersionUID = 1;
        final InvocationStatus status;

        Ending(InvocationStatus status) {
            this.status = status;
        }
    }

    private record Posted(int slot, long id, int functionIndex, byte[] input) {}

    private record Done(int slot, long id, int status, byte[] result) {}

    static final int SLOTS = 4;

    private final int payloadBytes;
    private final byte[][] inputs;
    private final Done[] done = new Done[SLOTS];
    private final ArrayDeque<Integer> free = new ArrayDeque<>();
    private final LinkedBlockingDeque<Posted> posted = new LinkedBlockingDeque<>();
    private final LinkedBlockingDeque<Done> completed = new LinkedBlockingDeque<>();
    private final Set<Posted> outstanding = new HashSet<>();
    private final BitSet taken = new BitSet();
    private final Thread worker;
    private volatile int ended;

    /** Repeats each completion, as a faulty transport would. */
    volatile boolean repeating;

    volatile boolean closed;

    /** Where inputs are written, if not on the heap: as memory that fails. */
    @Nullable MemorySegment sharedInputs;

    FakeChannel(int payloadBytes, Work work) {
        this.payloadBytes = payloadBytes;
        this.inputs = new byte[SLOTS][payloadBytes];
        for (int i = 0; i < SLOTS; i++) {
            free.add(i);
        }
        this.worker = Thread.ofVirtual().name("fake-worker").start(() -> work(work));
    }

    private void work(Work work) {
        try {
            while (ended == 0) {
                Posted next = posted.take();
                int status = 0;
                byte[] result;
                try {
                    result = work.run(this, next.functionIndex, next.input);
                } catch (Ending e) {
                    status = e.status.code();
                    result = new byte[0];
                }
                complete(next, status, result);
            }
        } catch (InterruptedException e) {
            // the channel ended
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized void complete(Posted call, int status, byte[] result) {
        if (outstanding.remove(call)) {
            Done value = new Done(call.slot, call.id, status, result);
            completed.add(value);
            if (repeating) {
                completed.add(value);
            }
        }
    }

    /** The worker ends: whatever is outstanding completes with this status. */
    synchronized void end(InvocationStatus status) {
        if (ended != 0) {
            return;
        }
        ended = status.code();
        for (Posted call : outstanding) {
            completed.add(new Done(call.slot, call.id, status.code(), new byte[0]));
        }
        outstanding.clear();
        worker.interrupt();
    }

    @Override
    public int slots() {
        return SLOTS;
    }

    @Override
    public int payloadBytes() {
        return payloadBytes;
    }

    @Override
    public int acquire() {
        Integer slot = ended != 0 ? null : free.poll();
        if (slot == null) {
            return NONE;
        }
        taken.set(slot);
        return slot;
    }

    @Override
    public MemorySegment input(int slot) {
        MemorySegment shared = sharedInputs;
        return shared == null ? MemorySegment.ofArray(inputs[slot]) : shared;
    }

    @Override
    public synchronized int post(
            int slot, long invocationId, int functionIndex, int payloadBytes, long deadlineNanos) {
        if (ended != 0) {
            return ended;
        }
        byte[] input = Arrays.copyOf(inputs[slot], payloadBytes);
        Posted call = new Posted(slot, invocationId, functionIndex, input);
        outstanding.add(call);
        posted.add(call);
        return 0;
    }

    @Override
    public int poll() {
        return found(completed.poll());
    }

    @Override
    public int await(long timeoutNanos) {
        try {
            return found(completed.poll(timeoutNanos, TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return NONE;
        }
    }

    private int found(@Nullable Done value) {
        if (value == null) {
            return NONE;
        }
        done[value.slot] = value;
        return value.slot;
    }

    @Override
    public long invocationId(int slot) {
        return done[slot].id;
    }

    @Override
    public int status(int slot) {
        return done[slot].status;
    }

    @Override
    public MemorySegment result(int slot) {
        return MemorySegment.ofArray(done[slot].result);
    }

    @Override
    public long executionNanos(int slot) {
        return 1_000;
    }

    @Override
    public void release(int slot) {
        if (!taken.get(slot)) {
            throw new IllegalStateException("slot " + slot + " released twice");
        }
        taken.clear(slot);
        free.add(slot);
    }

    @Override
    public int ended() {
        return ended;
    }

    @Override
    public void close() {
        closed = true;
        worker.interrupt();
    }
}
