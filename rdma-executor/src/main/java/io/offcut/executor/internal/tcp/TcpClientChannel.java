package io.offcut.executor.internal.tcp;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.InvocationChannel;
import io.offcut.executor.internal.IntRing;
import io.offcut.executor.internal.SlotBook;
import io.offcut.executor.internal.SlotMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a TCP connection to a worker. When the connection breaks, outstanding slots
 * complete as {@code DISCONNECTED}, unless the worker said before why it ended.
 */
public final class TcpClientChannel implements InvocationChannel, FrameSocket.Receiver {
    private final int payloadBytes;
    private final SlotBook book;
    private final IntRing completed;
    private final SlotMemory memory;
    private final ByteBuffer[] results;
    private final Selector selector;
    private final FrameSocket frames;
    private int ended;
    private int arrivingSlot;
    private int arrivingStatus;
    private long arrivingNanos;
    private boolean closed;

    private TcpClientChannel(
            SocketChannel socket, Selector selector, SlotMemory memory, int slots, int payloadBytes)
            throws IOException {
        this.payloadBytes = payloadBytes;
        this.book = new SlotBook(slots);
        this.completed = new IntRing(slots);
        this.memory = memory;
        this.results = memory.resultBuffers();
        this.selector = selector;
        this.frames = new FrameSocket(socket, selector, memory.inputFrames(), this);
    }

    /**
     * Connects and says hello. Blocks for at most the time-out. While the worker has another client
     * it tries again.
     *
     * @throws OffcutException as {@link io.offcut.executor.Channels#open}
     */
    public static TcpClientChannel open(ChannelDescriptor channel, long timeoutNanos) {
        try (TcpDial dial = TcpDial.connect(channel, timeoutNanos)) {
            SlotMemory memory = new SlotMemory(dial.slots(), dial.payloadBytes());
            Selector selector = null;
            try {
                selector = Selector.open();
                return new TcpClientChannel(
                        dial.takeSocket(), selector, memory, dial.slots(), dial.payloadBytes());
            } catch (IOException | RuntimeException e) {
                memory.close();
                if (selector != null) {
                    selector.close();
                }
                throw e;
            }
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "cannot reach worker "
                            + channel.worker()
                            + " at "
                            + channel.host()
                            + ":"
                            + channel.port()
                            + ": "
                            + e.getMessage(),
                    e);
        }
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
        return ended != 0 ? NONE : book.acquire();
    }

    @Override
    public MemorySegment input(int slot) {
        return memory.input(slot);
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
        MemorySegment header = frames.header(slot);
        InvocationFrame.writeRequest(
                header, 0, invocationId, functionIndex, bytes, payloadBytes, deadlineNanos);
        InvocationFrame.setImmediate(header, 0, slot);
        book.post(slot, invocationId);
        try {
            frames.send(slot, bytes);
        } catch (IOException e) {
            lost();
        }
        return 0;
    }

    @Override
    public int poll() {
        if (completed.isEmpty()) {
            if (book.posted() == 0) {
                return NONE;
            }
            exchange();
        }
        return completed.isEmpty() ? failed() : completed.remove();
    }

    private int failed() {
        return ended == 0 ? NONE : book.failOne(ended);
    }

    private void exchange() {
        if (ended == 0) {
            try {
                boolean ignored = frames.flush();
                ignored = frames.receive();
            } catch (IOException e) {
                lost();
            }
        }
    }

    private void lost() {
        if (ended == 0) {
            ended = InvocationStatus.DISCONNECTED.code();
        }
        frames.close();
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
            try {
                frames.await(left);
            } catch (IOException e) {
                lost();
            }
        }
    }

    @Override
    public @Nullable ByteBuffer begin(MemorySegment header, long at) {
        int check = InvocationFrame.check(header, at, InvocationFrame.RESPONSE_MAGIC, payloadBytes);
        int status = InvocationFrame.statusCode(header, at);
        int slot = InvocationFrame.immediate(header, at);
        if (check == 0 && slot == TcpWorkerChannel.WHOLE_CONNECTION && status < 0) {
            ended = status;
            return null;
        }
        if (check != 0 || !book.isPosted(slot) || status > 0) {
            ended = check != 0 ? check : InvocationStatus.MALFORMED.code();
            return null;
        }
        arrivingSlot = slot;
        arrivingStatus = status;
        arrivingNanos = InvocationFrame.executionNanos(header, at);
        return results[slot].clear().limit(InvocationFrame.payloadBytes(header, at));
    }

    @Override
    public void arrived() {
        book.complete(arrivingSlot, arrivingStatus, results[arrivingSlot].limit(), arrivingNanos);
        completed.add(arrivingSlot);
    }

    @Override
    public void sent(int slot) {
        // A slot stays posted until its result is here.
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
        return memory.result(slot).asSlice(0, book.resultBytes(slot));
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
        if (book.posted() == 0) {
            exchange();
        }
        return ended;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        frames.close();
        try {
            selector.close();
        } catch (IOException e) {
            // Nothing is lost with a selector that nobody needs any more.
        }
        memory.close();
    }
}
