package io.offcut.simulator.internal.batch;

import io.offcut.simulator.internal.time.TimeHeap;
import java.util.Arrays;

/**
 * When each waiting job is to start, the next first and of those of one time the one that came
 * first. A job that gets another time leaves its old entry behind, which is passed over when its
 * turn comes, or thrown away with all such when they are the most. For one thread.
 */
final class Reservations {
    static final int NONE = -1;

    /** The time of jobs that have none. */
    static final long NEVER = Long.MAX_VALUE;

    private static final int FEW = 256;

    private final long[] startsMillis;
    private final TimeHeap heap = new TimeHeap();
    private int jobs;

    Reservations(int jobs) {
        startsMillis = new long[jobs];
        Arrays.fill(startsMillis, NEVER);
    }

    long startMillis(int job) {
        return startsMillis[job];
    }

    void set(int job, long startMillis) {
        long before = startsMillis[job];
        if (before == startMillis) {
            return;
        }
        jobs += before == NEVER ? 1 : 0;
        jobs -= startMillis == NEVER ? 1 : 0;
        startsMillis[job] = startMillis;
        if (startMillis != NEVER) {
            heap.add(startMillis, job, job);
        }
        if (heap.size() > FEW + 2 * jobs) {
            heap.removeIf((millis, order, payload) -> startsMillis[(int) payload] != millis);
        }
    }

    /** When the next job is to start; {@link #NEVER} for never. */
    long nextMillis() {
        while (heap.size() > 0 && startsMillis[(int) heap.firstPayload()] != heap.firstMillis()) {
            heap.removeFirst();
        }
        return heap.firstMillis();
    }

    /** Takes the next job that is to start by now, or {@link #NONE}. */
    int takeDue(long nowMillis) {
        if (nextMillis() > nowMillis) {
            return NONE;
        }
        int job = (int) heap.firstPayload();
        heap.removeFirst();
        set(job, NEVER);
        return job;
    }
}
