package io.offcut.simulator.internal.batch;

import java.util.Arrays;

/**
 * How many slots are free from when on: steps in ascending order of time, the last of which holds
 * for ever. For one thread.
 */
final class FreeProfile {
    private long[] timesMillis = new long[64];
    private int[] free = new int[64];
    private int first;
    private int last;

    FreeProfile(int slots) {
        timesMillis[0] = Long.MIN_VALUE;
        free[0] = slots;
        last = 1;
    }

    /** Forgets what was before now. */
    void moveTo(long nowMillis) {
        while (first + 1 < last && timesMillis[first + 1] <= nowMillis) {
            first++;
        }
    }

    /** Adds slots, or takes them if negative, from one time to another. */
    void add(long fromMillis, long toMillis, int slots) {
        if (fromMillis >= toMillis) {
            return;
        }
        if (last + 2 > free.length) {
            makeRoom();
        }
        int from = split(fromMillis);
        int to = split(toMillis);
        for (int at = from; at < to; at++) {
            free[at] += slots;
        }
        join(to);
        join(from);
    }

    /** Makes a step begin at this time; returns which. */
    private int split(long timeMillis) {
        int at = stepAt(timeMillis);
        if (timesMillis[at] == timeMillis) {
            return at;
        }
        System.arraycopy(timesMillis, at, timesMillis, at + 1, last - at);
        System.arraycopy(free, at, free, at + 1, last - at);
        timesMillis[at + 1] = timeMillis;
        last++;
        return at + 1;
    }

    private void makeRoom() {
        int size = last - first;
        int capacity = Math.max(64, size * 2);
        timesMillis = Arrays.copyOf(Arrays.copyOfRange(timesMillis, first, last), capacity);
        free = Arrays.copyOf(Arrays.copyOfRange(free, first, last), capacity);
        first = 0;
        last = size;
    }

    /** A step that says the same as the one before is none. */
    private void join(int at) {
        if (at > first && free[at] == free[at - 1]) {
            System.arraycopy(timesMillis, at + 1, timesMillis, at, last - at - 1);
            System.arraycopy(free, at + 1, free, at, last - at - 1);
            last--;
        }
    }

    /** The step that holds at a time. */
    private int stepAt(long timeMillis) {
        int low = first;
        int high = last - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (timesMillis[middle] <= timeMillis) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Most slots that are free at any time before {@code untilMillis}. */
    int mostFree(long untilMillis) {
        int most = free[first];
        for (int at = first + 1; at < last && timesMillis[at] < untilMillis; at++) {
            most = Math.max(most, free[at]);
        }
        return most;
    }

    /**
     * The first time from now on and before {@code beforeMillis} from which so many slots are free
     * for so long, or until {@code enoughMillis} where that is sooner; {@code beforeMillis} if
     * there is none.
     */
    long earliest(
            int slots, long lengthMillis, long nowMillis, long beforeMillis, long enoughMillis) {
        moveTo(nowMillis);
        long start = nowMillis;
        for (int at = first; start < beforeMillis; at++) {
            if (free[at] < slots) {
                if (at + 1 == last) {
                    return beforeMillis;
                }
                start = timesMillis[at + 1];
            } else if (at + 1 == last
                    || timesMillis[at + 1] >= Math.min(start + lengthMillis, enoughMillis)) {
                return start;
            }
        }
        return beforeMillis;
    }
}
