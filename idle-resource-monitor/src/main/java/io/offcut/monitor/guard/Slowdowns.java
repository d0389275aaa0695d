package io.offcut.monitor.guard;

import java.util.Arrays;

/**
 * The latest slowdowns of one job by one evidence, each from two windows of time next to each
 * other.
 *
 * <p>Whether they exceed a bound is decided by the sign test (Dixon and Mood 1946): if the median
 * were at the bound, each would be above it with probability 1/2, whatever the noise looks like, so
 * that too many above it are unlikely. The same gives the interval of the median. For one thread.
 */
final class Slowdowns {
    /** Chance to be wrong in one decision, at the very bound. */
    private static final double FALSE_ALARM = 1.0 / 500;

    private static final double OUTSIDE = 0.05;

    /** How many of the latest are judged together: few see a change soon, many see a small one. */
    private static final int[] SPANS = {9, 14, 24, 48};

    static final int LEAST = SPANS[0];

    private final double[] latest = new double[SPANS[SPANS.length - 1]];
    private int count;
    private int next;

    void add(double slowdown) {
        latest[next] = slowdown;
        next = (next + 1) % latest.length;
        count = Math.min(latest.length, count + 1);
    }

    void clear() {
        count = 0;
    }

    int count() {
        return count;
    }

    private double back(int age) {
        return latest[Math.floorMod(next - 1 - age, latest.length)];
    }

    /** Whether the newest few are all above the bound, which is a reason to look more often. */
    boolean suspicious(double bound) {
        return count >= 2 && back(0) > bound && back(1) > bound;
    }

    /** Whether the job is certainly slowed by more than this. */
    boolean exceed(double bound) {
        int above = 0;
        int span = 0;
        for (int age = 0; age < count; age++) {
            above += back(age) > bound ? 1 : 0;
            if (age + 1 == SPANS[span]) {
                if (tail(SPANS[span], above) <= FALSE_ALARM) {
                    return true;
                }
                span++;
            }
        }
        return false;
    }

    /** Middle one and the interval that has the median with 95 %. */
    Interval interval() {
        double[] sorted = new double[count];
        for (int i = 0; i < count; i++) {
            sorted[i] = back(i);
        }
        Arrays.sort(sorted);
        return Interval.ofMedian(sorted, OUTSIDE);
    }

    /** Chance of at least so many of n when each comes with 1/2. */
    static double tail(int n, int atLeast) {
        double probability = Math.pow(0.5, n);
        double sum = 0;
        for (int k = 0; k <= n; k++) {
            sum += k >= atLeast ? probability : 0;
            probability = probability * (n - k) / (k + 1);
        }
        return sum;
    }
}
