package io.offcut.client;

import io.offcut.core.frame.MemoryStatus;
import io.offcut.executor.MemoryChannel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Carries out operations on one channel, in their order and as many at once as it takes. Long ones
 * go in pieces, so that each is heard of in time. For one thread; blocks.
 */
final class MemoryPipeline {
    static final long PIECE_BYTES = 4L << 20;

    private final MemoryChannel channel;
    private final long timeoutNanos;
    private final MemoryResult[] results;

    /** Of what is outstanding: the operation of each piece. */
    private final Queue<Integer> owners = new ArrayDeque<>();

    private boolean broken;
    private boolean interrupted;

    private MemoryPipeline(MemoryChannel channel, long timeoutNanos, int operations) {
        this.channel = channel;
        this.timeoutNanos = timeoutNanos;
        this.results = new MemoryResult[operations];
    }

    /**
     * One operation that needs no pieces, on a channel with nothing outstanding; null for others.
     * Where it throws, the channel is closed if anything is outstanding, as by {@link #run}.
     */
    static @Nullable MemoryResult one(
            MemoryChannel channel, long timeoutNanos, MemoryOperation operation) {
        try {
            return postOne(channel, timeoutNanos, operation);
        } catch (RuntimeException | Error e) {
            closeUnfinished(channel);
            throw e;
        }
    }

    private static @Nullable MemoryResult postOne(
            MemoryChannel channel, long timeoutNanos, MemoryOperation operation) {
        int refused;
        switch (operation) {
            case MemoryOperation.Read read when read.target().byteSize() <= PIECE_BYTES ->
                    refused = channel.read(read.offset(), read.target());
            case MemoryOperation.Write write when write.source().byteSize() <= PIECE_BYTES ->
                    refused = channel.write(write.offset(), write.source());
            case MemoryOperation.FetchAndAdd add ->
                    refused = channel.fetchAndAdd(add.offset(), add.addend());
            case MemoryOperation.CompareAndSwap swap ->
                    refused = channel.compareAndSwap(swap.offset(), swap.expected(), swap.value());
            default -> {
                return null;
            }
        }
        if (refused != 0) {
            return new MemoryResult(MemoryStatus.of(refused), 0);
        }
        if (channel.poll()) {
            return new MemoryResult(MemoryStatus.of(channel.status()), channel.value());
        }
        MemoryPipeline rest = new MemoryPipeline(channel, timeoutNanos, 1);
        rest.posted(0, 0);
        return rest.finish()[0];
    }

    /** One result for each operation. */
    static MemoryResult[] run(
            MemoryChannel channel, long timeoutNanos, List<MemoryOperation> operations) {
        MemoryPipeline pipeline = new MemoryPipeline(channel, timeoutNanos, operations.size());
        try {
            for (int index = 0; index < operations.size(); index++) {
                pipeline.post(index, operations.get(index));
            }
            return pipeline.finish();
        } catch (RuntimeException | Error e) {
            closeUnfinished(channel);
            throw e;
        }
    }

    /** The completions left behind would be taken for those of the operations that come next. */
    private static void closeUnfinished(MemoryChannel channel) {
        if (channel.outstanding() > 0) {
            channel.close();
        }
    }

    private MemoryResult[] finish() {
        while (!owners.isEmpty()) {
            take();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return results;
    }

    private void post(int index, MemoryOperation operation) {
        switch (operation) {
            case MemoryOperation.Read(long offset, MemorySegment target) ->
                    postPieces(index, offset, target, true);
            case MemoryOperation.Write(long offset, MemorySegment source) ->
                    postPieces(index, offset, source, false);
            case MemoryOperation.FetchAndAdd(long offset, long addend) -> {
                makeRoom();
                posted(index, channel.fetchAndAdd(offset, addend));
            }
            case MemoryOperation.CompareAndSwap(long offset, long expected, long value) -> {
                makeRoom();
                posted(index, channel.compareAndSwap(offset, expected, value));
            }
        }
    }

    private void postPieces(int index, long offset, MemorySegment bytes, boolean read) {
        long size = bytes.byteSize();
        if (offset < 0 || offset > channel.bytes() || size > channel.bytes() - offset) {
            posted(index, MemoryStatus.OUT_OF_BOUNDS.code());
            return;
        }
        for (long at = 0; at == 0 || at < size; at += PIECE_BYTES) {
            makeRoom();
            MemorySegment piece = bytes.asSlice(at, Math.min(PIECE_BYTES, size - at));
            posted(
                    index,
                    read ? channel.read(offset + at, piece) : channel.write(offset + at, piece));
        }
    }

    private void posted(int index, int refused) {
        if (refused == 0) {
            owners.add(index);
        } else {
            done(index, refused, 0);
        }
    }

    private void makeRoom() {
        while (owners.size() == channel.depth()) {
            take();
        }
    }

    private void take() {
        int index = owners.remove();
        if (!broken && !awaitOne()) {
            // Nobody knows what became of them: nothing of this channel is trusted any more.
            broken = true;
            channel.close();
        }
        if (broken) {
            done(index, MemoryStatus.UNREACHABLE.code(), 0);
        } else {
            done(index, channel.status(), channel.value());
        }
    }

    private boolean awaitOne() {
        long start = System.nanoTime();
        while (!channel.await(timeoutNanos - (System.nanoTime() - start))) {
            // What was begun is not left behind half done: whoever interrupts learns of it after.
            if (Thread.interrupted()) {
                interrupted = true;
            } else if (System.nanoTime() - start >= timeoutNanos) {
                return false;
            }
        }
        return true;
    }

    /** The first piece that did not go well speaks for all. */
    private void done(int index, int status, long value) {
        MemoryResult before = results[index];
        if (before == null || before.isOk()) {
            results[index] = new MemoryResult(MemoryStatus.of(status), value);
        }
    }
}
