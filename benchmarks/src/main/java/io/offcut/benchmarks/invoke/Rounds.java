package io.offcut.benchmarks.invoke;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Rounds of one case: in each the bare mechanism and then ours, so that whatever the machine does
 * meanwhile happens to both. The first round only warms up.
 */
record Rounds(List<Histogram> ourRounds, List<Histogram> rawRounds) {
    private static final long HIGHEST_NANOS = 60_000_000_000L;

    /** One side of a case. */
    @FunctionalInterface
    interface Side {
        /** Nanoseconds of so many calls. */
        Histogram turn(int count) throws IOException, InterruptedException;
    }

    /** Percentiles, in nanoseconds. */
    record Percentiles(long p50, long p99, long p999) {}

    static Rounds of(int rounds, int count, @Nullable Side raw, Side ours)
            throws IOException, InterruptedException {
        List<Histogram> rawRounds = new ArrayList<>();
        List<Histogram> ourRounds = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            if (raw != null) {
                keep(round, rawRounds, raw.turn(count));
            }
            keep(round, ourRounds, ours.turn(count));
        }
        return new Rounds(ourRounds, rawRounds);
    }

    private static void keep(int round, List<Histogram> rounds, Histogram histogram) {
        if (round > 0) {
            rounds.add(histogram);
        }
    }

    static Histogram histogram() {
        return new Histogram(HIGHEST_NANOS, 3);
    }

    /** What a histogram can hold. */
    static long within(long nanos) {
        return Math.clamp(nanos, 0, HIGHEST_NANOS);
    }

    Percentiles ours() {
        return percentiles(ourRounds);
    }

    @Nullable Percentiles raw() {
        return rawRounds.isEmpty() ? null : percentiles(rawRounds);
    }

    /** Our median over the bare one of the same round, of each round. */
    double[] ratios() {
        double[] ratios = new double[ourRounds.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] =
                    (double) ourRounds.get(i).getValueAtPercentile(50)
                            / rawRounds.get(i).getValueAtPercentile(50);
        }
        return ratios;
    }

    private static Percentiles percentiles(List<Histogram> rounds) {
        return new Percentiles(
                median(rounds, h -> h.getValueAtPercentile(50)),
                median(rounds, h -> h.getValueAtPercentile(99)),
                median(rounds, h -> h.getValueAtPercentile(99.9)));
    }

    private static long median(List<Histogram> rounds, ToLongFunction<Histogram> value) {
        long[] values = rounds.stream().mapToLong(value).sorted().toArray();
        return values[values.length / 2];
    }

    /** The median of some rates. */
    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
