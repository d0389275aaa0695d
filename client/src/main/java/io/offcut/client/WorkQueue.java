package io.offcut.client;

import io.offcut.core.OffcutException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Invocations that wait for a worker, first come first served, those that lost their worker first
 * of all; and the threads that wait for one. Safe for use by any thread; nothing here blocks but
 * {@link #awaitWork}.
 */
final class WorkQueue {
    private final Queue<Invocation> lost = new ConcurrentLinkedQueue<>();
    private final Queue<Invocation> fresh = new ConcurrentLinkedQueue<>();
    // The last to sleep is the first to wake: its worker is the warmest.
    private final ConcurrentLinkedDeque<Thread> sleepers = new ConcurrentLinkedDeque<>();
    private final LongAdder put = new LongAdder();
    private final LongAdder taken = new LongAdder();
    private volatile @Nullable OffcutException closed;

    void put(Invocation invocation) {
        put(fresh, invocation);
    }

    /** For one that had been taken out before. */
    void putBack(Invocation invocation) {
        put(lost, invocation);
    }

    private void put(Queue<Invocation> queue, Invocation invocation) {
        put.increment();
        queue.add(invocation);
        // A queue closed meanwhile is emptied by whoever sees both.
        OffcutException why = closed;
        if (why != null) {
            endAll(why);
        } else {
            wakeOne();
        }
    }

    /** The next one that has not ended meanwhile; null when there is none. */
    @Nullable Invocation take() {
        while (true) {
            Invocation next = lost.poll();
            if (next == null) {
                next = fresh.poll();
            }
            if (next == null) {
                return null;
            }
            taken.increment();
            if (next.pending()) {
                return next;
            }
        }
    }

    boolean isEmpty() {
        return lost.isEmpty() && fresh.isEmpty();
    }

    int size() {
        return (int) Math.max(0, put.sum() - taken.sum());
    }

    /** Sleeps until there may be work, or so long. */
    void awaitWork(long nanos) {
        Thread self = Thread.currentThread();
        sleepers.addFirst(self);
        if (isEmpty()) {
            LockSupport.parkNanos(this, nanos);
        }
        sleepers.removeFirstOccurrence(self);
    }

    /** Passes a wake-up on; for a thread that was woken and cannot work. */
    void wakeOne() {
        Thread sleeper = sleepers.pollFirst();
        if (sleeper != null) {
            LockSupport.unpark(sleeper);
        }
    }

    /** Ends all that wait, and all that will come. */
    void close(OffcutException why) {
        closed = why;
        endAll(why);
    }

    /** Why nothing can be put any more; null while it can. */
    @Nullable OffcutException closed() {
        return closed;
    }

    private void endAll(OffcutException why) {
        for (Invocation next = take(); next != null; next = take()) {
            next.end(why);
        }
    }
}
