package io.offcut.simulator.internal.batch;

import java.util.Arrays;

/**
 * How much is free from when on, in slots, cores or bytes: steps in ascending order of time, the
 * last of which holds for ever. For one thread.
 */
final class FreeProfile {
    private static final int FEW = 8;

    private long[] timesMillis = new long[FEW];
    private long[] free = new long[FEW];
    private int first;
    private int last;

    FreeProfile(long free) {
        reset(free);
    }

    /** So much is free, from now on and for ever. */
    void reset(long nowFree) {
        timesMillis[0] = Long.MIN_VALUE;
        free[0] = nowFree;
        first = 0;
        last = 1;
    }

    /** Forgets what was before now. */
    void moveTo(long nowMillis) {
        while (first + 1 < last && timesMillis[first + 1] <= nowMillis) {
            first++;
        }
    }

    /**
     * Adds so much, or takes it if negative, from one time to another; {@code Long.MAX_VALUE} for
     * ever.
     */
    void add(long fromMillis, long toMillis, long slots) {
        if (fromMillis >= toMillis) {
            return;
        }
        if (last + 2 > free.length) {
            makeRoom();
        }
        int from = split(fromMillis);
        int to = toMillis == Long.MAX_VALUE ? last : split(toMillis);
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
        int capacity = Math.max(FEW, size * 2);
        timesMillis = Arrays.copyOf(Arrays.copyOfRange(timesMillis, first, last), capacity);
        free = Arrays.copyOf(Arrays.copyOfRange(free, first, last), capacity);
        first = 0;
        last = size;
    }

    /** A step that says the same as the one before is none. */
    private void join(int at) {
        if (at > first && at < last && free[at] == free[at - 1]) {
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

    /** The most that is free at any time before {@code untilMillis}. */
    long mostFree(long untilMillis) {
        long most = free[first];
        for (int at = first + 1; at < last && timesMillis[at] < untilMillis; at++) {
            most = Math.max(most, free[at]);
        }
        return most;
    }

    /** The least that is free from one time on and before another, or at the first of them. */
    long leastFree(long fromMillis, long toMillis) {
        int at = stepAt(fromMillis);
        long least = free[at];
        for (at++; at < last && timesMillis[at] < toMillis; at++) {
            least = Math.min(least, free[at]);
        }
        return least;
    }

    /**
     * From when on there may be more than that for as long: when the last step with the least has
     * passed; {@code Long.MAX_VALUE} for never.
     */
    long moreFreeFrom(long fromMillis, long toMillis) {
        int at = stepAt(fromMillis);
        int least = at;
        for (at++; at < last && timesMillis[at] < toMillis; at++) {
            least = free[at] <= free[least] ? at : least;
        }
        return least + 1 == last ? Long.MAX_VALUE : timesMillis[least + 1];
    }

    /**
     * From when on there is less than that for as long: when a step with less is reached; {@code
     * Long.MAX_VALUE} for never, also if nothing is free as it is.
     */
    long lessFreeFrom(long fromMillis, long toMillis) {
        long least = leastFree(fromMillis, toMillis);
        if (least <= 0) {
            return Long.MAX_VALUE;
        }
        int at = stepAt(toMillis);
        while (at < last && (timesMillis[at] < toMillis || free[at] >= least)) {
            at++;
        }
        return at == last
                ? Long.MAX_VALUE
                : timesMillis[at] - Math.max(0, toMillis - fromMillis - 1);
    }

    /**
     * The first time at or behind {@code fromMillis} and before {@code beforeMillis} from which so
     * many slots are free for so long, or until {@code enoughMillis} where that is sooner; {@code
     * beforeMillis} if there is none.
     */
    long earliest(
            long slots, long lengthMillis, long fromMillis, long beforeMillis, long enoughMillis) {
        long start = fromMillis;
        for (int at = stepAt(fromMillis); start < beforeMillis; at++) {
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
