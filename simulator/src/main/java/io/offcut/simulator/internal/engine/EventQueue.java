package io.offcut.simulator.internal.engine;

import io.offcut.simulator.internal.time.TimeHeap;

/**
 * Events to come. Their order is total: first the time, then the kind (smaller first), then the
 * order in which they were added. For one thread.
 */
public final class EventQueue {
    private static final int KIND_SHIFT = 56;

    private final TimeHeap heap = new TimeHeap();
    private long added;

    /** Tells events apart. */
    @FunctionalInterface
    public interface Test {
        /** Whether the event is one of them. */
        boolean is(long timeMillis, int kind, long payload);
    }

    public boolean isEmpty() {
        return heap.size() == 0;
    }

    public int size() {
        return heap.size();
    }

    /** Time of the first event; {@code Long.MAX_VALUE} when there is none. */
    public long nextMillis() {
        return heap.firstMillis();
    }

    /** Kind of the first event. */
    public int nextKind() {
        return kind(heap.firstOrder());
    }

    private static int kind(long order) {
        return (int) (order >>> KIND_SHIFT);
    }

    /** Adds an event. */
    public void add(long timeMillis, int kind, long payload) {
        heap.add(timeMillis, ((long) kind << KIND_SHIFT) | added++, payload);
    }

    /** Removes the first event and returns its payload. */
    public long take() {
        long payload = heap.firstPayload();
        heap.removeFirst();
        return payload;
    }

    /** Removes events, wherever they are; takes as long as there are events. */
    public void removeIf(Test test) {
        heap.removeIf((timeMillis, order, payload) -> test.is(timeMillis, kind(order), payload));
    }
}
