package io.offcut.executor.internal.memory;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.MemoryChannel;
import io.offcut.executor.internal.verbs.VerbsLink;
import io.offcut.executor.internal.verbs.VerbsRoute;
import io.offcut.executor.internal.verbs.VerbsSecret;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Memory at the other end of an RDMA connection, where the device carries out what is posted and
 * nobody else takes part. What is posted waits here until it is polled or awaited, and then goes
 * out in pieces, through memory that is registered once. When the connection breaks what is
 * outstanding completes as {@code UNREACHABLE}, unless the holder said before why it ends.
 */
public final class VerbsMemoryChannel implements MemoryChannel {
    private static final int DEPTH = 256;
    private static final int PIECE_BYTES = 128 << 10;

    /** So much goes out before its completion is asked for. */
    private static final int BATCH_BYTES = 512 << 10;

    private static final int POLLS_PER_CLOCK = 1024;
    private static final long SPIN_NANOS = 20_000;
    private static final long SLEEP_NANOS = 100_000_000;
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** An operation in its slot of the ring, from its posting until its completion is taken. */
    private static final class Operation {
        private int kind;
        private long offset;
        private long length;
        private long first;
        private long second;
        private @Nullable MemorySegment bytes;

        /** So much of it went out, and has come back. */
        private long sent;

        private long done;
        private int status;
        private long value;

        private int piece(long from) {
            return (int) Math.min(PIECE_BYTES, length - from);
        }
    }

    private final VerbsMemoryWire wire;
    private final Operation[] ring = new Operation[DEPTH];

    /** Where the pieces under way lie in the staging memory, by their number. */
    private final long[] places = new long[VerbsMemoryWire.depth()];

    private long piecesSent;
    private long piecesDone;
    private long posted;
    private long staged;
    private long completed;
    private long taken;
    private int status;
    private long value;
    private int ended;
    private int idlePolls;
    private boolean ending;
    private boolean closed;

    private VerbsMemoryChannel(VerbsMemoryWire wire) {
        this.wire = wire;
        for (int slot = 0; slot < DEPTH; slot++) {
            ring[slot] = new Operation();
        }
    }

    /**
     * Connects. Blocks for at most the time-out.
     *
     * @throws OffcutException as {@link io.offcut.executor.Channels#openMemory}
     */
    public static VerbsMemoryChannel open(ChannelDescriptor channel, long timeoutNanos) {
        String where = "memory at " + channel.host() + ":" + channel.port();
        try {
            return new VerbsMemoryChannel(
                    connect(channel, where, System.nanoTime() + timeoutNanos));
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.UNREACHABLE,
                    "cannot reach " + where + " by RDMA: " + e.getMessage(),
                    e);
        }
    }

    private static VerbsMemoryWire connect(
            ChannelDescriptor channel, String where, long deadlineNanos) throws IOException {
        VerbsRoute route = VerbsRoute.to(channel, deadlineNanos);
        VerbsLink link;
        VerbsMemoryHello.Reply reply;
        try {
            link =
                    VerbsLink.ofOperations(
                            route.id(), route.pd(), VerbsMemoryWire.depth(), route.descriptor());
            reply =
                    reply(
                            route.connect(
                                    link,
                                    VerbsMemoryHello.request(VerbsSecret.of(channel.secret()))),
                            where);
        } catch (IOException | RuntimeException e) {
            route.close();
            throw e;
        }
        return new VerbsMemoryWire(route, link, reply);
    }

    private static VerbsMemoryHello.Reply reply(VerbsRoute.Answer answer, String where)
            throws IOException {
        if (!VerbsMemoryHello.isReply(answer.data())) {
            throw new IOException(
                    answer.accepted()
                            ? "what answers there holds no memory"
                            : "nobody listens there");
        }
        VerbsMemoryHello.Reply reply = VerbsMemoryHello.reply(answer.data());
        if (answer.accepted() != (reply.status() == 0)
                || (answer.accepted() && reply.bytes() <= 0)) {
            throw new IOException("what answers there contradicts itself");
        }
        if (reply.status() == VerbsMemoryHello.CANNOT) {
            throw new IOException("its holder cannot register it, and said why in its node's log");
        }
        if (reply.status() != 0) {
            throw TcpMemoryChannel.refusal(where, reply.status());
        }
        return reply;
    }

    @Override
    public long bytes() {
        return wire.bytes();
    }

    @Override
    public int depth() {
        return DEPTH;
    }

    @Override
    public int outstanding() {
        return (int) (posted - taken);
    }

    @Override
    public int read(long offset, MemorySegment target) {
        int refused = refuse(MemoryBounds.check(wire.bytes(), offset, target.byteSize()));
        return refused != 0 ? refused : post(MemoryFrame.READ, offset, target, 0, 0);
    }

    @Override
    public int write(long offset, MemorySegment source) {
        int refused = refuse(MemoryBounds.check(wire.bytes(), offset, source.byteSize()));
        return refused != 0 ? refused : post(MemoryFrame.WRITE, offset, source, 0, 0);
    }

    @Override
    public int fetchAndAdd(long offset, long addend) {
        int refused = refuse(MemoryBounds.checkWord(wire.bytes(), offset));
        return refused != 0 ? refused : post(MemoryFrame.FETCH_AND_ADD, offset, null, addend, 0);
    }

    @Override
    public int compareAndSwap(long offset, long expected, long desired) {
        int refused = refuse(MemoryBounds.checkWord(wire.bytes(), offset));
        return refused != 0
                ? refused
                : post(MemoryFrame.COMPARE_AND_SWAP, offset, null, expected, desired);
    }

    private int refuse(int outside) {
        if (posted - taken == DEPTH) {
            throw new IllegalStateException(DEPTH + " operations are outstanding: poll first");
        }
        return ended != 0 ? ended : outside;
    }

    private int post(
            int kind, long offset, @Nullable MemorySegment bytes, long first, long second) {
        Operation operation = ring[(int) (posted % DEPTH)];
        operation.kind = kind;
        operation.offset = offset;
        operation.length = bytes == null ? Long.BYTES : bytes.byteSize();
        operation.first = first;
        operation.second = second;
        operation.bytes = bytes;
        operation.sent = 0;
        operation.done = 0;
        operation.value = 0;
        posted++;
        return 0;
    }

    @Override
    public boolean poll() {
        if (taken == posted) {
            return false;
        }
        if (taken == completed && ended == 0) {
            exchange();
        }
        Operation operation = ring[(int) (taken % DEPTH)];
        if (taken < completed) {
            status = operation.status;
            value = operation.value;
        } else if (ended != 0) {
            status = ended;
            value = 0;
            completed++;
        } else {
            return false;
        }
        operation.bytes = null;
        taken++;
        return true;
    }

    /** Sends what there is room for, and takes what has come back. */
    private void exchange() {
        send();
        int pieces = wire.take();
        while (pieces > 0) {
            idlePolls = 0;
            receive(pieces);
            send();
            pieces = wire.take();
        }
        hear(pieces == VerbsMemoryWire.FAILED);
        if (++idlePolls % POLLS_PER_CLOCK == 0) {
            wire.lookNowAndThen();
        }
    }

    private void send() {
        while (staged < posted && wire.hasRoom()) {
            long bytes = 0;
            boolean room = true;
            int pieces = 0;
            while (room && staged < posted && bytes < BATCH_BYTES) {
                Operation operation = ring[(int) (staged % DEPTH)];
                int length = operation.piece(operation.sent);
                long at = wire.reserve(length);
                room = at != VerbsMemoryWire.NO_ROOM;
                if (room) {
                    send(operation, at, length);
                    bytes += length;
                    pieces++;
                }
            }
            if (pieces == 0) {
                return;
            }
            wire.endBatch();
        }
    }

    private void send(Operation operation, long at, int length) {
        if (operation.kind == MemoryFrame.WRITE && operation.bytes != null) {
            MemorySegment.copy(operation.bytes, operation.sent, wire.staging(), at, length);
        }
        places[(int) (piecesSent++ % places.length)] = at;
        wire.post(
                operation.kind,
                operation.offset + operation.sent,
                at,
                length,
                operation.first,
                operation.second);
        operation.sent += length;
        if (operation.sent == operation.length) {
            staged++;
        }
    }

    /** A batch is done: its pieces are the next in order. */
    private void receive(int pieces) {
        int state = wire.state();
        ending = state == MemoryLayout.ENDING;
        for (int i = 0; i < pieces; i++) {
            receive(ring[(int) (completed % DEPTH)], state);
        }
        wire.release();
        if (state < 0) {
            ended = state;
        }
    }

    private void receive(Operation operation, int state) {
        long at = places[(int) (piecesDone++ % places.length)];
        int length = operation.piece(operation.done);
        if (operation.kind > MemoryFrame.WRITE) {
            operation.value = wire.staging().get(LONG, at);
        } else if (operation.kind == MemoryFrame.READ && operation.bytes != null) {
            MemorySegment.copy(wire.staging(), at, operation.bytes, operation.done, length);
        }
        operation.done += length;
        if (operation.done == operation.length) {
            operation.status = Math.min(0, state);
            completed++;
        }
    }

    /** What the holder said before the connection broke counts more than that it did. */
    private void hear(boolean failed) {
        if (ended != 0) {
            return;
        }
        switch (wire.hear()) {
            case VerbsLink.ARRIVED -> {
                MemoryStatus word = MemoryStatus.of(wire.word());
                ended = (word.isEnd() ? word : MemoryStatus.MALFORMED).code();
            }
            case VerbsLink.BROKEN -> ended = MemoryStatus.UNREACHABLE.code();
            default -> ended = failed ? MemoryStatus.UNREACHABLE.code() : 0;
        }
    }

    @Override
    public boolean await(long timeoutNanos) {
        long start = System.nanoTime();
        while (!poll()) {
            long waited = System.nanoTime() - start;
            if (taken == posted
                    || waited >= timeoutNanos
                    || Thread.currentThread().isInterrupted()) {
                return false;
            }
            if (waited < SPIN_NANOS) {
                Thread.onSpinWait();
                continue;
            }
            wire.arm();
            // It may have come before that, and would then wake nobody.
            if (poll()) {
                return true;
            }
            wire.await(Math.min(timeoutNanos - waited, SLEEP_NANOS));
            wire.lookNowAndThen();
        }
        return true;
    }

    @Override
    public int status() {
        return status;
    }

    @Override
    public long value() {
        return value;
    }

    @Override
    public boolean ending() {
        return ending;
    }

    @Override
    public int ended() {
        if (ended == 0 && taken == posted) {
            hear(false);
            wire.lookNowAndThen();
        }
        return ended;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ended = ended == 0 ? MemoryStatus.RELEASED.code() : ended;
            wire.close();
        }
    }
}
