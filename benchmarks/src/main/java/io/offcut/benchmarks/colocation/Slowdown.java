package io.offcut.benchmarks.colocation;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What a kernel loses: the median over rounds of one minus the ratio to the same round's run alone,
 * with a percentile bootstrap interval (Efron 1979) of 95 %.
 */
record Slowdown(double low, double median, double high) {
    private static final int RESAMPLES = 5_000;
    private static final double OUTSIDE = 0.025;

    static Slowdown of(double[] alone, double[] beside) {
        double[] losses = new double[alone.length];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = 1 - beside[i] / alone[i];
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

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
