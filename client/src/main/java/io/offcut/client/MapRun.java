package io.offcut.client;

import io.offcut.core.OffcutException;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One streaming map. A feeder thread reads items into the queue as far as the window allows; the
 * workers' threads leave ended calls in {@link #arrived}; the caller's thread puts them in order
 * and hands them to the handler.
 *
 * <p>One object per item and no lock: the threads meet in two concurrent queues and a few counters
 * of one writer each. Who finds nothing to do naps before it asks to be woken, so that at high
 * rates nobody pays for wake-ups.
 */
// Each volatile counter has one writer.
@SuppressWarnings("NonAtomicVolatileUpdate")
final class MapRun<T> {
    private static final long NAP_NANOS = 100_000;
    private static final long SLEEP_NANOS = 50_000_000;

    private final WorkQueue queue;
    private final int functionIndex;
    private final boolean idempotent;
    private final MapOptions options;
    private final ResultHandler<T> handler;
    private final Queue<Call> arrived = new ConcurrentLinkedQueue<>();
    private final @Nullable Call[] waiting;
    private final Thread consumer = Thread.currentThread();

    // Written by the feeder.
    private volatile long fed;
    private volatile long fedBytes;
    private volatile boolean feedDone;
    private volatile @Nullable Throwable feedFailure;

    // Written by the consumer.
    private volatile long handled;
    private volatile long handledBytes;
    private volatile long waitingBytes;
    private long failed;

    private volatile boolean stopped;
    private volatile boolean consumerAsleep;
    private volatile boolean feederAsleep;

    @SuppressWarnings({"unchecked", "rawtypes"})
    MapRun(
            WorkQueue queue,
            int functionIndex,
            boolean idempotent,
            MapOptions options,
            ResultHandler<T> handler) {
        this.queue = queue;
        this.functionIndex = functionIndex;
        this.idempotent = idempotent;
        this.options = options;
        this.handler = handler;
        // Power of two, so that a sequence number finds its place by a mask.
        int places = Integer.highestOneBit(Math.max(1, options.windowItems() - 1)) << 1;
        this.waiting = (Call[]) new MapRun.Call[options.ordered() ? places : 0];
    }

    private final class Call extends Invocation {
        final long sequence;
        final T tag;

        Call(long sequence, Item<T> item) {
            super(
                    MapRun.this.functionIndex,
                    MapRun.this.idempotent,
                    item.input(),
                    NEVER_NANOS,
                    options.itemTimeoutNanos());
            this.sequence = sequence;
            this.tag = item.tag();
        }

        @Override
        boolean pending() {
            return !stopped && super.pending();
        }

        @Override
        void onEnd() {
            arrived.add(this);
            if (consumerAsleep) {
                LockSupport.unpark(consumer);
            }
        }
    }

    /** Runs to the end. Call once, from the thread that made this. */
    MapSummary run(Iterator<Item<T>> items) {
        Thread feeder =
                Thread.ofPlatform().daemon().name("offcut-map-feed").unstarted(() -> feed(items));
        feeder.start();
        boolean complete = false;
        try {
            complete = consume(feeder);
        } finally {
            stopped = true;
            feeder.interrupt();
        }
        return new MapSummary(handled, failed, !complete);
    }

    // --- feeder

    private void feed(Iterator<Item<T>> items) {
        try {
            long sequence = 0;
            while (!stopped && items.hasNext()) {
                Item<T> item = items.next();
                awaitRoom(sequence);
                queue.put(new Call(sequence++, item));
                fedBytes += item.input().byteSize();
                fed = sequence;
            }
        } catch (Throwable e) {
            feedFailure = e;
        } finally {
            feedDone = true;
            LockSupport.unpark(consumer);
        }
    }

    private void awaitRoom(long sequence) {
        for (int naps = 0; !stopped && !room(sequence); naps++) {
            if (naps < 2) {
                LockSupport.parkNanos(this, NAP_NANOS);
                continue;
            }
            feederAsleep = true;
            if (!stopped && !room(sequence)) {
                LockSupport.parkNanos(this, SLEEP_NANOS);
            }
            feederAsleep = false;
        }
    }

    private boolean room(long sequence) {
        long open = sequence - handled;
        return open == 0
                || (open < options.windowItems()
                        && fedBytes - handledBytes + waitingBytes < options.windowBytes());
    }

    // --- consumer

    /**
     * @return whether all items were handled; false after an interrupt
     */
    private boolean consume(Thread feeder) {
        int naps = 0;
        while (true) {
            Call call = arrived.poll();
            if (call != null) {
                naps = 0;
                accept(call);
                if (feederAsleep) {
                    LockSupport.unpark(feeder);
                }
                continue;
            }
            if (feedDone && handled == fed) {
                rethrowFeedFailure();
                return true;
            }
            if (Thread.currentThread().isInterrupted()) {
                return false;
            }
            pause(naps++);
        }
    }

    private void pause(int naps) {
        if (naps < 2) {
            LockSupport.parkNanos(this, NAP_NANOS);
            return;
        }
        consumerAsleep = true;
        if (arrived.isEmpty() && !(feedDone && handled == fed)) {
            LockSupport.parkNanos(this, SLEEP_NANOS);
        }
        consumerAsleep = false;
    }

    private void accept(Call call) {
        if (!options.ordered()) {
            deliver(call, call.result());
            return;
        }
        int mask = waiting.length - 1;
        waiting[(int) call.sequence & mask] = call;
        waitingBytes += call.result().payload().length;
        for (Call next = waiting[(int) handled & mask];
                next != null;
                next = waiting[(int) handled & mask]) {
            waiting[(int) handled & mask] = null;
            Result result = next.result();
            waitingBytes -= result.payload().length;
            deliver(next, result);
        }
    }

    private void deliver(Call call, Result result) {
        if (!result.ok()) {
            failed++;
        }
        handler.handle(call.tag, result);
        handledBytes += call.input.byteSize();
        handled++;
    }

    private void rethrowFeedFailure() {
        Throwable failure = feedFailure;
        switch (failure) {
            case null -> {}
            case OffcutException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("reading the items failed", failure);
        }
    }
}
