package io.offcut.simulator.internal.time;

import java.util.Arrays;

/**
 * Entries to come, in a heap of primitives: the earliest first, of one time that of the lowest
 * order. Where no two entries have time and order in common, the heap decides nothing. For one
 * thread.
 */
public final class TimeHeap {
    private long[] timesMillis = new long[256];
    private long[] orders = new long[256];
    private long[] payloads = new long[256];
    private int size;

    /** Tells entries apart. */
    @FunctionalInterface
    public interface Test {
        /** Whether the entry is one of them. */
        boolean is(long timeMillis, long order, long payload);
    }

    public int size() {
        return size;
    }

    /** Time of the first entry; {@code Long.MAX_VALUE} when there is none. */
    public long firstMillis() {
        return size == 0 ? Long.MAX_VALUE : timesMillis[0];
    }

    /** Order of the first entry. */
    public long firstOrder() {
        return orders[0];
    }

    /** Payload of the first entry. */
    public long firstPayload() {
        return payloads[0];
    }

    /** Adds an entry. */
    public void add(long timeMillis, long order, long payload) {
        if (size == orders.length) {
            timesMillis = Arrays.copyOf(timesMillis, size * 2);
            orders = Arrays.copyOf(orders, size * 2);
            payloads = Arrays.copyOf(payloads, size * 2);
        }
        int at = size++;
        while (at > 0 && isBefore(timeMillis, order, (at - 1) >>> 1)) {
            copy((at - 1) >>> 1, at);
            at = (at - 1) >>> 1;
        }
        set(at, timeMillis, order, payload);
    }

    /** Removes the first entry. */
    public void removeFirst() {
        size--;
        sink(0, timesMillis[size], orders[size], payloads[size]);
    }

    /** Removes entries, wherever they are; takes as long as there are entries. */
    public void removeIf(Test test) {
        int kept = 0;
        for (int at = 0; at < size; at++) {
            if (!test.is(timesMillis[at], orders[at], payloads[at])) {
                copy(at, kept++);
            }
        }
        size = kept;
        for (int at = (size >>> 1) - 1; at >= 0; at--) {
            sink(at, timesMillis[at], orders[at], payloads[at]);
        }
    }

    /** Puts an entry where it belongs at or below a place that is free. */
    private void sink(int from, long timeMillis, long order, long payload) {
        int at = from;
        for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
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
