package io.offcut.monitor.guard;

/**
 * A median and where it lies with some certainty; NaN where nothing is known.
 *
 * @param low lower end
 * @param high upper end
 */
public record Interval(double low, double median, double high) {
    private static final Interval NONE = new Interval(Double.NaN, Double.NaN, Double.NaN);

    /**
     * By order statistics: without a word on how the values are spread.
     *
     * @param sorted in ascending order
     * @param outside chance that the median is not inside; with too few values it is larger
     */
    static Interval ofMedian(double[] sorted, double outside) {
        int n = sorted.length;
        if (n == 0) {
            return NONE;
        }
        int cut = 0;
        while (cut + 1 <= (n - 1) / 2 && 2 * Slowdowns.tail(n, n - cut - 1) <= outside) {
            cut++;
        }
        return new Interval(
                sorted[cut], (sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[n - 1 - cut]);
    }
}
