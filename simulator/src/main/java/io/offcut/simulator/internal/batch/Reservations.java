package io.offcut.simulator.internal.batch;

import java.util.Arrays;

/**
 * When each waiting job is to start, the next first and of those of one time the one that came
 * first. A job that gets another time leaves its old entry behind, which is passed over when its
 * turn comes. For one thread.
 */
final class Reservations {
    static final int NONE = -1;

    private static final long NEVER = Long.MAX_VALUE;

    private final long[] startsMillis;
    private long[] heapMillis = new long[256];
    private int[] heapJobs = new int[256];
    private int size;

    Reservations(int jobs) {
        startsMillis = new long[jobs];
        Arrays.fill(startsMillis, NEVER);
    }

    long startMillis(int job) {
        return startsMillis[job];
    }

    void set(int job, long startMillis) {
        startsMillis[job] = startMillis;
        if (size == heapJobs.length) {
            heapMillis = Arrays.copyOf(heapMillis, size * 2);
            heapJobs = Arrays.copyOf(heapJobs, size * 2);
        }
        int at = size++;
        while (at > 0 && isBefore(startMillis, job, (at - 1) >>> 1)) {
            put(at, heapMillis[(at - 1) >>> 1], heapJobs[(at - 1) >>> 1]);
            at = (at - 1) >>> 1;
        }
        put(at, startMillis, job);
    }

    /** When the next job is to start; {@code Long.MAX_VALUE} for never. */
    long nextMillis() {
        while (size > 0 && startsMillis[heapJobs[0]] != heapMillis[0]) {
            removeTop();
        }
        return size == 0 ? NEVER : heapMillis[0];
    }

    /** Takes the next job that is to start by now, or {@link #NONE}. */
    int takeDue(long nowMillis) {
        if (nextMillis() > nowMillis) {
            return NONE;
        }
        int job = heapJobs[0];
        startsMillis[job] = NEVER;
        removeTop();
        return job;
    }

    private void removeTop() {
        size--;
        long millis = heapMillis[size];
        int job = heapJobs[size];
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && isBefore(heapMillis[child + 1], heapJobs[child + 1], child)) {
                child++;
            }
            if (isBefore(millis, job, child)) {
                break;
            }
            put(at, heapMillis[child], heapJobs[child]);
            at = child;
        }
        put(at, millis, job);
    }

    private boolean isBefore(long millis, int job, int other) {
        return millis < heapMillis[other] || (millis == heapMillis[other] && job < heapJobs[other]);
    }

    private void put(int at, long millis, int job) {
        heapMillis[at] = millis;
        heapJobs[at] = job;
    }
}
