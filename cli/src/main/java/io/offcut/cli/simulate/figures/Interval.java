package io.offcut.cli.simulate.figures;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.statistics.distribution.TDistribution;
import org.jspecify.annotations.Nullable;

/**
 * A mean with its confidence interval of 95 % by Student's t: mean ± t(n−1, 0.975) · s / √n.
 *
 * @param mean of the values
 * @param halfWidth of the interval; null of one value, 0 if all values are the same
 */
public record Interval(double mean, @Nullable Double halfWidth) {
    /** How often such an interval holds what it estimates. */
    public static final double CONFIDENCE = 0.95;

    /**
     * Of independent values, at least one.
     *
     * @throws IllegalArgumentException without a value
     */
    public static Interval of(double... values) {
        double min = Arrays.stream(values).min().orElseThrow(IllegalArgumentException::new);
        double max = Arrays.stream(values).max().orElseThrow();
        // Equal values have no spread, whatever their sum is rounded to.
        double mean = min == max ? min : Arrays.stream(values).sum() / values.length;
        return new Interval(mean, halfWidth(values, mean));
    }

    /** Of the same spread around another centre. */
    public Interval around(double centre) {
        return new Interval(centre, halfWidth);
    }

    private static @Nullable Double halfWidth(double[] values, double mean) {
        int n = values.length;
        if (n < 2) {
            return null;
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        double quantile =
                TDistribution.of(n - 1).inverseCumulativeProbability(1 - (1 - CONFIDENCE) / 2);
        return quantile * Math.sqrt(squares / (n - 1) / n);
    }

    /** For people. */
    public String text() {
        boolean whole = mean == Math.rint(mean);
        int decimals = Numbers.decimals(whole && halfWidth != null ? halfWidth : mean);
        String text = Numbers.text(mean, decimals);
        return halfWidth == null || halfWidth == 0
                ? text
                : text + " ±" + Numbers.text(halfWidth, decimals);
    }

    /** For JSON. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("mean", ResultJson.number(mean));
        if (halfWidth != null) {
            json.put("halfWidth", ResultJson.number(halfWidth));
        }
        return json;
    }
}
