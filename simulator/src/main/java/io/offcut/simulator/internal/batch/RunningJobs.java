package io.offcut.simulator.internal.batch;

import java.util.Arrays;

/** Running jobs ordered by the time at which the scheduler expects their end. For one thread. */
final class RunningJobs {
    private long[] endsMillis = new long[64];
    private int[] slots = new int[64];
    private int[] jobs = new int[64];
    private int first;
    private int last;

    void add(int job, int jobSlots, long endMillis) {
        if (last == jobs.length) {
            makeRoom();
        }
        int at = last;
        while (at > first && endsMillis[at - 1] > endMillis) {
            at--;
        }
        System.arraycopy(endsMillis, at, endsMillis, at + 1, last - at);
        System.arraycopy(slots, at, slots, at + 1, last - at);
        System.arraycopy(jobs, at, jobs, at + 1, last - at);
        endsMillis[at] = endMillis;
        slots[at] = jobSlots;
        jobs[at] = job;
        last++;
    }

    private void makeRoom() {
        int size = last - first;
        int capacity = Math.max(64, size * 2);
        endsMillis = Arrays.copyOf(Arrays.copyOfRange(endsMillis, first, last), capacity);
        slots = Arrays.copyOf(Arrays.copyOfRange(slots, first, last), capacity);
        jobs = Arrays.copyOf(Arrays.copyOfRange(jobs, first, last), capacity);
        first = 0;
        last = size;
    }

    int size() {
        return last - first;
    }

    /** Expected end of the job that is so many places behind the first. */
    long endMillis(int place) {
        return endsMillis[first + place];
    }

    int job(int place) {
        return jobs[first + place];
    }

    void removeFirst() {
        first++;
    }

    /** Removes a job; false if it had been released before. */
    boolean remove(int job, long endMillis) {
        for (int at = lowerBound(endMillis); at < last && endsMillis[at] == endMillis; at++) {
            if (jobs[at] == job) {
                System.arraycopy(endsMillis, at + 1, endsMillis, at, last - at - 1);
                System.arraycopy(slots, at + 1, slots, at, last - at - 1);
                System.arraycopy(jobs, at + 1, jobs, at, last - at - 1);
                last--;
                return true;
            }
        }
        return false;
    }

    private int lowerBound(long endMillis) {
        int low = first;
        int high = last;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (endsMillis[middle] < endMillis) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The first time at which {@code needed} slots are free if {@code free} are now, and into
     * {@link #freeThen} how many there are then, all ends of that instant counted.
     */
    long timeOfFree(int needed, int free) {
        int sum = free;
        int at = first;
        while (at < last && sum < needed) {
            sum += slots[at++];
        }
        long time = at > first ? endsMillis[at - 1] : Long.MIN_VALUE;
        while (at < last && endsMillis[at] == time) {
            sum += slots[at++];
        }
        freeThen = sum;
        return time;
    }

    int freeThen;
}
