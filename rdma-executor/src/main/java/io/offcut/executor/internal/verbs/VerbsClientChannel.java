package io.offcut.executor.internal.verbs;

import com.ibm.disni.verbs.IbvMr;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.InvocationChannel;
import io.offcut.executor.internal.SlotBook;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The client's end of a queue pair to a worker. A request is one write into the worker's input
 * region, whose immediate data names the slot; its header says where the result goes, which arrives
 * the same way. A negative number in place of a slot is the worker's last word: why it ended. When
 * the connection is lost without one, outstanding slots complete as {@code DISCONNECTED}.
 *
 * <p>Of a peer that is gone the connection manager tells, which is asked now and then; of one that
 * is silently cut off, a probe that goes unanswered.
 */
public final class VerbsClientChannel implements InvocationChannel {
    private static final int POLLS_PER_CLOCK = 1024;
    private static final long SLEEP_NANOS = 100_000_000;
    private static final long PROBE_NANOS = 2_000_000_000;

    private final VerbsLink link;
    private final VerbsRoute route;
    private final VerbsHello.Reply worker;
    private final VerbsMemory inputs;
    private final VerbsMemory results;
    private final SlotBook book;
    private int idlePolls;
    private long silentNanos = System.nanoTime();

    /** Whether the worker was heard, or had nothing to say, since the clock was last looked at. */
    private boolean heard = true;

    private int ended;
    private boolean closed;

    private VerbsClientChannel(VerbsDial dial) throws IOException {
        this.worker = dial.worker();
        this.book = new SlotBook(worker.slots());
        this.inputs = registered(dial, 0);
        try {
            this.results =
                    registered(dial, IbvMr.IBV_ACCESS_LOCAL_WRITE | IbvMr.IBV_ACCESS_REMOTE_WRITE);
        } catch (IOException | RuntimeException e) {
            inputs.close();
            throw e;
        }
        this.route = dial.route();
        this.link = dial.link();
    }

    private static VerbsMemory registered(VerbsDial dial, int access) throws IOException {
        VerbsHello.Reply worker = dial.worker();
        VerbsMemory memory = new VerbsMemory(worker.slots(), worker.payloadBytes(), false);
        try {
            memory.register(dial.route().pd(), access);
        } catch (IOException | RuntimeException e) {
            memory.close();
            throw e;
        }
        return memory;
    }

    /**
     * Connects. Blocks for at most the time-out. While the worker has another client it tries
     * again.
     *
     * @throws OffcutException as {@link io.offcut.executor.Channels#open}
     */
    public static VerbsClientChannel open(ChannelDescriptor channel, long timeoutNanos) {
        try {
            VerbsDial dial = VerbsDial.connect(channel, timeoutNanos);
            try {
                return new VerbsClientChannel(dial);
            } catch (IOException | RuntimeException e) {
                dial.route().close();
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
                            + " by RDMA: "
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
        return worker.payloadBytes();
    }

    @Override
    public int acquire() {
        return ended != 0 ? NONE : book.acquire();
    }

    @Override
    public MemorySegment input(int slot) {
        return inputs.payload(slot);
    }

    @Override
    public int post(int slot, long invocationId, int functionIndex, int bytes, long deadlineNanos) {
        book.requireAcquired(slot);
        if (bytes < 0 || bytes > worker.payloadBytes()) {
            return InvocationStatus.TOO_LARGE.code();
        }
        if (ended != 0) {
            return ended;
        }
        MemorySegment frame = inputs.frame(slot);
        InvocationFrame.writeRequest(
                frame, 0, invocationId, functionIndex, bytes, worker.payloadBytes(), deadlineNanos);
        InvocationFrame.setResult(frame, 0, results.frame(slot).address(), results.rkey());
        heard |= book.posted() == 0;
        book.post(slot, invocationId);
        boolean ignored =
                link.write(
                        frame.address(),
                        InvocationFrame.HEADER_BYTES + bytes,
                        inputs.lkey(slot),
                        worker.address() + slot * worker.strideBytes(),
                        worker.rkey(),
                        slot);
        // A link that broke says so when it is polled, after what has still arrived.
        return 0;
    }

    @Override
    public int poll() {
        if (book.posted() == 0) {
            return NONE;
        }
        int slot = arrived();
        if (slot != NONE) {
            return slot;
        }
        if (ended != 0) {
            return book.failOne(ended);
        }
        if (++idlePolls % POLLS_PER_CLOCK == 0) {
            lookNowAndThen();
        }
        return NONE;
    }

    /** What has arrived: a slot; NONE otherwise, also where that ended the channel. */
    private int arrived() {
        if (ended != 0) {
            return NONE;
        }
        return switch (link.next()) {
            case VerbsLink.ARRIVED -> {
                int slot = link.immediate();
                yield slot < 0 ? end(slot) : complete(slot);
            }
            case VerbsLink.BROKEN -> end(InvocationStatus.DISCONNECTED.code());
            default -> NONE;
        };
    }

    private int end(int statusCode) {
        ended = statusCode;
        return NONE;
    }

    private int complete(int slot) {
        if (!book.isPosted(slot)) {
            return end(InvocationStatus.MALFORMED.code());
        }
        MemorySegment frame = results.frame(slot);
        int check =
                InvocationFrame.check(
                        frame, 0, InvocationFrame.RESPONSE_MAGIC, worker.payloadBytes());
        int status = InvocationFrame.statusCode(frame, 0);
        int bytes = InvocationFrame.payloadBytes(frame, 0);
        if (check != 0
                || status > 0
                || bytes < 0
                || bytes > worker.payloadBytes()
                || !book.isPosted(slot, InvocationFrame.invocationId(frame, 0))) {
            return end(check != 0 ? check : InvocationStatus.MALFORMED.code());
        }
        book.complete(slot, status, bytes, InvocationFrame.executionNanos(frame, 0));
        idlePolls = 0;
        heard = true;
        return slot;
    }

    /** Asks the connection manager, and after some time without a word the worker's device. */
    private void lookNowAndThen() {
        long now = System.nanoTime();
        if (!route.lookNowAndThen(now)) {
            return;
        }
        if (heard) {
            heard = false;
            silentNanos = now;
        } else if (now - silentNanos >= PROBE_NANOS) {
            silentNanos = now;
            link.probe();
        }
    }

    @Override
    public int await(long timeoutNanos) {
        long start = System.nanoTime();
        while (true) {
            int slot = poll();
            if (slot != NONE || book.posted() == 0) {
                return slot;
            }
            link.arm();
            // It may have come before that, and would then wake nobody.
            slot = poll();
            if (slot != NONE) {
                return slot;
            }
            long left = timeoutNanos - (System.nanoTime() - start);
            if (left <= 0 || Thread.currentThread().isInterrupted()) {
                return NONE;
            }
            if (link.await(Math.min(left, SLEEP_NANOS))) {
                route.look();
            }
            lookNowAndThen();
        }
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
        return results.payload(slot).asSlice(0, book.resultBytes(slot));
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
        if (book.posted() == 0 && ended == 0) {
            // With nothing posted there is no slot that it could be.
            int ignored = arrived();
            lookNowAndThen();
        }
        return ended;
    }

    /** How many writes were posted to the worker. */
    public long workRequests() {
        return link.workRequests();
    }

    /** How many completions of all that arrived and was sent were taken. */
    public long completions() {
        return link.completions();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        route.hangUp();
        inputs.close();
        results.close();
        route.close();
    }
}
