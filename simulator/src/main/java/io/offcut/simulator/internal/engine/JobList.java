package io.offcut.simulator.internal.engine;

import java.util.Arrays;

/** A few jobs in the order they were added. For one thread. */
final class JobList {
    private int[] jobs = new int[16];
    private int size;

    void add(int job) {
        if (size == jobs.length) {
            jobs = Arrays.copyOf(jobs, size * 2);
        }
        jobs[size++] = job;
    }

    int size() {
        return size;
    }

    int get(int at) {
        return jobs[at];
    }

    void clear() {
        size = 0;
    }
}
