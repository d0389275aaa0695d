package io.offcut.simulator.internal.engine;

import java.util.Arrays;

/**
 * Events to come, in a heap of primitives. Their order is total and does not depend on the heap:
 * first the time, then the kind (smaller first), then the order in which they were added. For one
 * thread.
 */
public final class EventQueue {
    private static final int KIND_SHIFT = 56;

    private long[] timesMillis = new long[256];
    private long[] orders = new long[256];
    private long[] payloads = new long[256];
    private int size;
    private long added;

    public boolean isEmpty() {
        return size == 0;
    }

    /** Time of the first event; {@code Long.MAX_VALUE} when there is none. */
    public long nextMillis() {
        return size == 0 ? Long.MAX_VALUE : timesMillis[0];
    }

    /** Kind of the first event. */
    public int nextKind() {
        return (int) (orders[0] >>> KIND_SHIFT);
    }

    /** Adds an event. */
    public void add(long timeMillis, int kind, long payload) {
        if (size == orders.length) {
            timesMillis = Arrays.copyOf(timesMillis, size * 2);
            orders = Arrays.copyOf(orders, size * 2);
            payloads = Arrays.copyOf(payloads, size * 2);
        }
        long order = ((long) kind << KIND_SHIFT) | added++;
        int at = size++;
        while (at > 0 && isBefore(timeMillis, order, (at - 1) >>> 1)) {
            copy((at - 1) >>> 1, at);
            at = (at - 1) >>> 1;
        }
        set(at, timeMillis, order, payload);
    }

    /** Removes the first event and returns its payload. */
    public long take() {
        long payload = payloads[0];
        size--;
        sink(timesMillis[size], orders[size], payloads[size]);
        return payload;
    }

    private void sink(long timeMillis, long order, long payload) {
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && isBefore(timesMillis[child + 1], orders[child + 1], child)) {
                child++;
            }
            if (isBefore(timeMillis, order, child)) {
                break;
            }
            copy(child, at);
            at = child;
        }
        set(at, timeMillis, order, payload);
    }

    private boolean isBefore(long timeMillis, long order, int other) {
        return timeMillis < timesMillis[other]
                || (timeMillis == timesMillis[other] && order < orders[other]);
    }

    private void copy(int from, int to) {
        set(to, timesMillis[from], orders[from], payloads[from]);
    }

    private void set(int at, long timeMillis, long order, long payload) {
        timesMillis[at] = timeMillis;
        orders[at] = order;
        payloads[at] = payload;
    }
}
