package io.offcut.cli.simulate.compare;

import io.offcut.cli.simulate.figures.Interval;
import java.util.function.IntToDoubleFunction;

/**
 * The mean of a series whose neighbours resemble each other, with an interval by the means of equal
 * parts of it: parts much longer than the resemblance are nearly independent, single values are not
 * (Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30(3),
 * 1982: 10 to 30 parts). Needs no random numbers.
 *
 * @param interval around the mean of all
 * @param batches how many parts
 * @param resemblance of neighbouring parts: autocorrelation at lag 1
 */
record BatchMeans(Interval interval, int batches, double resemblance) {
    private static final int MOST_BATCHES = 30;
    private static final int LEAST_BATCHES = 10;
    private static final int LEAST_VALUES = 2;

    /**
     * Of a series; without an interval if it is too short for one.
     *
     * @param size at least 1
     */
    static BatchMeans of(int size, IntToDoubleFunction series) {
        double mean = mean(0, size, series);
        int batches = Math.min(MOST_BATCHES, size / LEAST_VALUES);
        if (batches < LEAST_BATCHES) {
            return new BatchMeans(new Interval(mean, null), 0, 0);
        }
        double[] means = new double[batches];
        for (int i = 0; i < batches; i++) {
            means[i] = mean(bound(i, batches, size), bound(i + 1, batches, size), series);
        }
        return new BatchMeans(Interval.of(means).around(mean), batches, resemblance(means));
    }

    private static int bound(int batch, int batches, int size) {
        return (int) ((long) size * batch / batches);
    }

    private static double mean(int from, int to, IntToDoubleFunction series) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += series.applyAsDouble(i);
        }
        return sum / (to - from);
    }

    private static double resemblance(double[] means) {
        double centre = mean(0, means.length, i -> means[i]);
        double squares = 0;
        double products = 0;
        for (int i = 0; i < means.length; i++) {
            double off = means[i] - centre;
            squares += off * off;
            products += i == 0 ? 0 : off * (means[i - 1] - centre);
        }
        return squares == 0 ? 0 : products / squares;
    }

    /** Whether the interval is to be believed: what chance makes of independent parts is less. */
    boolean partsAreIndependent() {
        return batches == 0 || resemblance < 2 / Math.sqrt(batches);
    }
}
