package io.offcut.scheduler.idle;

import java.util.Map;
import java.util.TreeMap;

/**
 * How long intervals of idleness were: counts in buckets whose bounds grow by the eighth root of
 * two, from a second to 24 days. When there are many the old ones fade: all counts are halved. For
 * one thread.
 */
public final class IdleTimes {
    /** Fewer intervals than this say nothing. */
    static final int FEWEST = 30;

    /** Nor do fewer that lasted as long as the one in question. */
    static final int FEWEST_AS_LONG = 10;

    private static final int MOST = 10_000;
    private static final int PER_DOUBLING = 8;
    private static final int BUCKETS = 21 * PER_DOUBLING;

    private final int[] counts = new int[BUCKETS];
    private int total;

    /** Counts an interval that has ended. */
    public void add(long millis) {
        counts[(int) position(millis)]++;
        total++;
        if (total > MOST) {
            halve();
        }
    }

    private void halve() {
        total = 0;
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] /= 2;
            total += counts[i];
        }
    }

    /** How many intervals it knows. */
    public int total() {
        return total;
    }

    /**
     * How much longer an interval lasts that has lasted so long: of those that were as long, the
     * share {@code quantile} ended earlier than that. -1 when too few were.
     */
    public long remainingMillis(long elapsedMillis, double quantile) {
        double from = position(elapsedMillis);
        int bucket = (int) from;
        double here = counts[bucket] * (bucket + 1 - from);
        double asLong = here;
        for (int i = bucket + 1; i < BUCKETS; i++) {
            asLong += counts[i];
        }
        if (total < FEWEST || asLong < FEWEST_AS_LONG) {
            return -1;
        }
        double left = quantile * asLong;
        double start = from;
        while (left > here && bucket + 1 < BUCKETS) {
            left -= here;
            bucket++;
            start = bucket;
            here = counts[bucket];
        }
        double end = here == 0 ? start : start + left / here * (bucket + 1 - start);
        return Math.max(0, millis(end) - elapsedMillis);
    }

    /** Where a length lies among the buckets: within one, evenly on the scale of its logarithm. */
    private static double position(long millis) {
        double octaves = StrictMath.log(Math.max(1_000, millis) / 1e3) / StrictMath.log(2);
        return Math.min(octaves * PER_DOUBLING, BUCKETS - 1);
    }

    private static long millis(double position) {
        return Math.round(1e3 * StrictMath.pow(2, position / PER_DOUBLING));
    }

    /** Its counts by bucket, without empty ones. */
    public Map<Integer, Integer> counts() {
        Map<Integer, Integer> filled = new TreeMap<>();
        for (int i = 0; i < BUCKETS; i++) {
            if (counts[i] > 0) {
                filled.put(i, counts[i]);
            }
        }
        return filled;
    }

    /**
     * The same from its counts.
     *
     * @throws IllegalArgumentException if no such counts can have been
     */
    public static IdleTimes of(Map<Integer, Integer> counts) {
        IdleTimes times = new IdleTimes();
        counts.forEach((bucket, count) -> {
            if (bucket < 0 || bucket >= BUCKETS || count < 0 || count > MOST - times.total) {
                throw new IllegalArgumentException(count + " intervals in bucket " + bucket);
            }
            times.counts[bucket] = count;
            times.total += count;
        });
        return times;
    }
}
