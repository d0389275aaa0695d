package io.offcut.benchmarks.colocation;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What a kernel loses: the median over pairs, with a percentile bootstrap interval (Efron 1979) of
 * 95 %, NaN of too few pairs.
 */
record Slowdown(double low, double median, double high) {
    static final String BROKEN = "broken";

    private static final int RESAMPLES = 5_000;
    private static final double OUTSIDE = 0.025;

    /** The median of fewer is outside all of them with more than 5 %: no interval has it. */
    private static final int LEAST = 6;

    /**
     * @param losses of each pair
     */
    static Slowdown of(double[] losses) {
        if (losses.length < LEAST) {
            return new Slowdown(Double.NaN, median(losses), Double.NaN);
        }
        SplittableRandom random = new SplittableRandom(1);
        double[] medians = new double[RESAMPLES];
        double[] drawn = new double[losses.length];
        for (int i = 0; i < RESAMPLES; i++) {
            for (int k = 0; k < drawn.length; k++) {
                drawn[k] = losses[random.nextInt(losses.length)];
            }
            medians[i] = median(drawn);
        }
        Arrays.sort(medians);
        return new Slowdown(
                medians[(int) (OUTSIDE * RESAMPLES)],
                median(losses),
                medians[(int) ((1 - OUTSIDE) * RESAMPLES)]);
    }

    /** Whether it is within the bound, as far as that can be told. */
    String against(double bound) {
        if (high <= bound) {
            return "kept";
        }
        return low > bound ? BROKEN : "open";
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
