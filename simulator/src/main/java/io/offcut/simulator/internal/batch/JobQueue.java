package io.offcut.simulator.internal.batch;

import java.util.Arrays;

/** Waiting jobs in the order they came; any can leave in constant time. For one thread. */
final class JobQueue {
    static final int NONE = -1;

    private final int[] next;
    private final int[] previous;
    private int first = NONE;
    private int last = NONE;

    /** A queue for jobs numbered below {@code jobs}. */
    JobQueue(int jobs) {
        next = new int[jobs];
        previous = new int[jobs];
        Arrays.fill(next, NONE);
        Arrays.fill(previous, NONE);
    }

    void add(int job) {
        previous[job] = last;
        next[job] = NONE;
        if (last == NONE) {
            first = job;
        } else {
            next[last] = job;
        }
        last = job;
    }

    /** The one that waits longest, or {@link #NONE}. */
    int first() {
        return first;
    }

    /** The one behind, or {@link #NONE}; unchanged for a job that just left. */
    int after(int job) {
        return next[job];
    }

    void remove(int job) {
        int before = previous[job];
        int behind = next[job];
        if (before == NONE) {
            first = behind;
        } else {
            next[before] = behind;
        }
        if (behind == NONE) {
            last = before;
        } else {
            previous[behind] = before;
        }
    }
}
