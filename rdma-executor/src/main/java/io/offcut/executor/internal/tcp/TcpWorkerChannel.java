package io.offcut.executor.internal.tcp;

import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.IntRing;
import io.offcut.executor.internal.RemoteWorkerChannel;
import io.offcut.executor.internal.SlotMemory;
import io.offcut.executor.internal.function.Call;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The worker's end of TCP: at most one connection at a time, which {@link TcpDoor} has accepted and
 * hands over. When a connection breaks, what it asked for is forgotten and the next may come.
 *
 * <p>{@link #reserve}, {@link #giveUp}, {@link #handOver}, {@link #waiting} and {@link #wake} are
 * thread-safe; everything else is for the thread that owns the worker.
 */
public final class TcpWorkerChannel implements RemoteWorkerChannel, FrameSocket.Receiver {
    /** In place of a slot, in a response: the worker ends, and the status says why. */
    static final int WHOLE_CONNECTION = -1;

    private static final long LAST_WORD_NANOS = 100_000_000;

    private static final byte FREE = 0;
    private static final byte ARRIVING = 1;
    private static final byte TAKEN = 2;
    private static final byte ANSWERED = 3;

    private final int slots;
    private final int payloadBytes;
    private final SlotMemory memory;
    private final ByteBuffer[] inputs;
    private final Call[] calls;
    private final MemorySegment[] outgoing;
    private final Selector selector;
    private final AtomicBoolean reserved = new AtomicBoolean();
    private final AtomicReference<@Nullable SocketChannel> incoming = new AtomicReference<>();
    private final byte[] states;
    private final IntRing requests;
    private final long[] invocationIds;
    private final int[] functionIndices;
    private final int[] resultCapacities;
    private final long[] deadlines;
    private @Nullable FrameSocket frames;
    private int arrivingSlot;
    private int refusal;
    private volatile int ended;

    public TcpWorkerChannel(int slots, int payloadBytes) throws IOException {
        this.slots = slots;
        this.payloadBytes = payloadBytes;
        this.selector = Selector.open();
        this.memory = new SlotMemory(slots, payloadBytes);
        this.inputs = memory.inputBuffers();
        this.calls = new Call[slots];
        for (int slot = 0; slot < slots; slot++) {
            calls[slot] = new Call(memory.input(slot), memory.result(slot));
        }
        this.outgoing = Arrays.copyOf(memory.resultFrames(), slots + 1);
        this.outgoing[slots] =
                MemorySegment.ofBuffer(ByteBuffer.allocateDirect(InvocationFrame.HEADER_BYTES));
        this.states = new byte[slots];
        this.requests = new IntRing(slots);
        this.invocationIds = new long[slots];
        this.functionIndices = new int[slots];
        this.resultCapacities = new int[slots];
        this.deadlines = new long[slots];
    }

    int slots() {
        return slots;
    }

    int payloadBytes() {
        return payloadBytes;
    }

    /** Claims the worker for a new connection. @return false while it has one */
    boolean reserve() {
        return reserved.compareAndSet(false, true);
    }

    /** Undoes {@link #reserve}: the connection did not come to be. */
    void giveUp() {
        reserved.set(false);
    }

    /** Gives the worker a connection that said its hello, after {@link #reserve}. */
    void handOver(SocketChannel socket) {
        incoming.set(socket);
        if (ended != 0) {
            closeIncoming();
        }
    }

    /** Nobody adopts it any more. */
    private void closeIncoming() {
        SocketChannel late = incoming.getAndSet(null);
        try {
            if (late != null) {
                late.close();
            }
        } catch (IOException e) {
            // Nothing is lost with a connection that nobody serves.
        }
    }

    @Override
    public boolean connected() {
        return frames != null || incoming.get() != null;
    }

    @Override
    public boolean waiting() {
        return incoming.get() != null;
    }

    @Override
    public void wake() {
        selector.wakeup();
    }

    @Override
    public int poll() {
        if (requests.isEmpty()) {
            FrameSocket current = frames == null ? adopt() : frames;
            if (current != null) {
                exchange(current);
            }
        }
        return requests.isEmpty() ? NONE : requests.remove();
    }

    private @Nullable FrameSocket adopt() {
        if (incoming.getOpaque() == null) {
            return null;
        }
        SocketChannel socket = incoming.getAndSet(null);
        if (socket == null) {
            return null;
        }
        try {
            frames = new FrameSocket(socket, selector, outgoing, this);
        } catch (IOException e) {
            giveUp();
        }
        return frames;
    }

    private void exchange(FrameSocket current) {
        try {
            boolean ignored = current.flush();
            ignored = current.receive();
        } catch (IOException e) {
            if (refusal != 0) {
                lastWord(current, refusal);
            }
            drop(current);
        }
    }

    private void drop(FrameSocket current) {
        current.close();
        frames = null;
        refusal = 0;
        requests.clear();
        Arrays.fill(states, FREE);
        giveUp();
    }

    private void lastWord(FrameSocket current, int statusCode) {
        try {
            MemorySegment header = current.header(slots);
            InvocationFrame.writeResponse(header, 0, 0, statusCode, 0, 0);
            InvocationFrame.setImmediate(header, 0, WHOLE_CONNECTION);
            current.send(slots, 0);
            current.drain(LAST_WORD_NANOS);
        } catch (IOException e) {
            // The client sees the broken connection instead.
        }
    }

    @Override
    public @Nullable ByteBuffer begin(MemorySegment header, long at) {
        int check = InvocationFrame.check(header, at, InvocationFrame.REQUEST_MAGIC, payloadBytes);
        int slot = InvocationFrame.immediate(header, at);
        int capacity = InvocationFrame.resultCapacityBytes(header, at);
        if (check == 0 && (slot < 0 || slot >= slots || states[slot] != FREE || capacity < 0)) {
            check = InvocationStatus.MALFORMED.code();
        }
        if (check != 0) {
            refusal = check;
            return null;
        }
        states[slot] = ARRIVING;
        arrivingSlot = slot;
        invocationIds[slot] = InvocationFrame.invocationId(header, at);
        functionIndices[slot] = InvocationFrame.functionIndex(header, at);
        resultCapacities[slot] = Math.min(capacity, payloadBytes);
        deadlines[slot] = InvocationFrame.deadlineNanos(header, at);
        return inputs[slot].clear().limit(InvocationFrame.payloadBytes(header, at));
    }

    @Override
    public void arrived() {
        states[arrivingSlot] = TAKEN;
        requests.add(arrivingSlot);
    }

    @Override
    public void sent(int slot) {
        if (slot < slots) {
            states[slot] = FREE;
        }
    }

    @Override
    public void complete(int slot, int statusCode, int resultBytes, long executionNanos) {
        FrameSocket current = frames;
        if (current == null || states[slot] != TAKEN) {
            return;
        }
        states[slot] = ANSWERED;
        MemorySegment header = current.header(slot);
        InvocationFrame.writeResponse(
                header, 0, invocationIds[slot], statusCode, resultBytes, executionNanos);
        InvocationFrame.setImmediate(header, 0, slot);
        try {
            current.send(slot, resultBytes);
        } catch (IOException e) {
            drop(current);
        }
    }

    @Override
    public void await(long timeoutNanos) {
        FrameSocket current = frames;
        if (current == null || !requests.isEmpty()) {
            return;
        }
        try {
            current.await(timeoutNanos);
        } catch (IOException e) {
            drop(current);
        }
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
        return inputs[slot].limit();
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
    public Call call(int slot) {
        return calls[slot];
    }

    @Override
    public int ended() {
        return ended;
    }

    @Override
    public void end(int statusCode) {
        if (ended != 0) {
            return;
        }
        ended = statusCode;
        // No connection comes in after the end.
        reserved.set(true);
        FrameSocket current = frames == null ? adopt() : frames;
        if (current != null) {
            lastWord(current, statusCode);
            current.close();
            frames = null;
        }
    }

    @Override
    public void close() {
        FrameSocket current = frames;
        if (current != null) {
            drop(current);
        }
        closeIncoming();
        try {
            selector.close();
        } catch (IOException e) {
            // Nothing is lost with a selector that nobody needs any more.
        }
        memory.close();
    }
}
