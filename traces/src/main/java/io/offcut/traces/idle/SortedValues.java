package io.offcut.traces.idle;

import java.util.Arrays;

/** Numbers in order, and what they are like. Not changed; for any thread. */
public final class SortedValues {
    private final double[] sorted;

    private SortedValues(double[] sorted) {
        this.sorted = sorted;
    }

    /**
     * Of at least one number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static SortedValues of(double[] values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("a distribution of nothing");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new SortedValues(sorted);
    }

    public int count() {
        return sorted.length;
    }

    public double min() {
        return sorted[0];
    }

    public double max() {
        return sorted[sorted.length - 1];
    }

    /** The sum is compensated, and does not depend on the order of the numbers. */
    public double mean() {
        return Arrays.stream(sorted).sum() / sorted.length;
    }

    /** Between the two nearest numbers, in proportion (definition 7 of Hyndman and Fan, 1996). */
    public double quantile(double part) {
        double at = (sorted.length - 1) * part;
        int below = (int) at;
        double low = sorted[below];
        double high = sorted[Math.min(below + 1, sorted.length - 1)];
        return low + (high - low) * (at - below);
    }

    /**
     * The least number that so many hundredths of all do not exceed (definition 1 there): always
     * one of the numbers.
     */
    public double percentile(int percent) {
        return sorted[Math.max(0, (int) Math.ceilDiv((long) sorted.length * percent, 100) - 1)];
    }

    public int countAbove(double limit) {
        return (int) Arrays.stream(sorted).filter(value -> value > limit).count();
    }

    public int countBelow(double limit) {
        return (int) Arrays.stream(sorted).filter(value -> value < limit).count();
    }

    public double sum() {
        return Arrays.stream(sorted).sum();
    }

    /** The sum of all numbers below a limit. */
    public double sumBelow(double limit) {
        return Arrays.stream(sorted).filter(value -> value < limit).sum();
    }
}
