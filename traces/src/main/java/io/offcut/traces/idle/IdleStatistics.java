package io.offcut.traces.idle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a record says of its nodes. How long one was idle is taken as the time from the first to the
 * last sample that saw it idle and one mean gap; intervals that the record's end cuts off do not
 * count, those that were there at its beginning do.
 *
 * @param samples how many there are
 * @param nodes that were idle at least once
 * @param spanSeconds from the first sample to the last
 * @param meanGapSeconds between two samples
 * @param longestGapSeconds between two samples: what happened in it, nobody saw
 * @param meanIdleNodes of all samples
 * @param medianIdleNodes of all samples
 * @param minIdleNodes of all samples
 * @param maxIdleNodes of all samples
 * @param samplesWithoutIdle in which no node was idle
 * @param idleNodeHours the surface: each sample stands for one mean gap
 * @param pilotShare part of the idle samples of nodes that ran a pilot job
 * @param samplesWithoutPilot in which no pilot job ran
 * @param intervals that ended within the record
 * @param percentileSeconds of the lengths of intervals: see {@link #PERCENTS}
 * @param lengths intervals and their surface by length
 */
public record IdleStatistics(
        int samples,
        int nodes,
        long spanSeconds,
        double meanGapSeconds,
        long longestGapSeconds,
        double meanIdleNodes,
        double medianIdleNodes,
        int minIdleNodes,
        int maxIdleNodes,
        int samplesWithoutIdle,
        double idleNodeHours,
        double pilotShare,
        int samplesWithoutPilot,
        int intervals,
        List<Percentile> percentileSeconds,
        List<Below> lengths) {
    /** Which percentiles are taken, by nearest rank. */
    static final int[] PERCENTS = {10, 25, 50, 75, 90};

    private static final int[] LIMITS_SECONDS = {
        30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400
    };

    /** So many hundredths of the intervals are no longer than this. */
    public record Percentile(int percent, long seconds) {}

    /**
     * Intervals shorter than a limit.
     *
     * @param seconds the limit
     * @param share of all intervals
     * @param surfaceShare of the idle time of all intervals
     */
    public record Below(int seconds, double share, double surfaceShare) {}

    /** Counts. */
    public static IdleStatistics of(IdleRecord record) {
        int last = record.samples() - 1;
        SortedValues idle = SortedValues.of(perSample(record));
        double[] seconds = seconds(record);
        return new IdleStatistics(
                record.samples(),
                record.nodes(),
                record.millis(last) / 1000,
                record.meanGapMillis() / 1000.0,
                longestGap(record),
                idle.mean(),
                idle.quantile(0.5),
                (int) idle.min(),
                (int) idle.max(),
                idle.countBelow(1),
                record.idleSamples() * (double) record.meanGapMillis() / 3_600_000,
                (double) record.pilotSamples() / Math.max(1, record.idleSamples()),
                withoutPilot(record),
                seconds.length,
                percentiles(seconds),
                lengths(seconds));
    }

    /** Lengths of the intervals that ended. */
    private static double[] seconds(IdleRecord record) {
        return record.intervals().stream()
                .filter(interval -> interval.toSample() < record.samples())
                .mapToDouble(interval -> millis(record, interval) / 1000.0)
                .toArray();
    }

    private static long millis(IdleRecord record, IdleInterval interval) {
        return record.millis(interval.toSample() - 1)
                - record.millis(interval.fromSample())
                + record.meanGapMillis();
    }

    private static double[] perSample(IdleRecord record) {
        double[] idle = new double[record.samples()];
        Arrays.setAll(idle, record::idle);
        return idle;
    }

    private static long longestGap(IdleRecord record) {
        long longest = 0;
        for (int sample = 1; sample < record.samples(); sample++) {
            longest = Math.max(longest, record.millis(sample) - record.millis(sample - 1));
        }
        return longest / 1000;
    }

    private static int withoutPilot(IdleRecord record) {
        int without = 0;
        for (int sample = 0; sample < record.samples(); sample++) {
            without += record.pilots(sample) == 0 ? 1 : 0;
        }
        return without;
    }

    private static List<Percentile> percentiles(double[] seconds) {
        List<Percentile> result = new ArrayList<>();
        if (seconds.length > 0) {
            SortedValues lengths = SortedValues.of(seconds);
            for (int percent : PERCENTS) {
                result.add(new Percentile(percent, Math.round(lengths.percentile(percent))));
            }
        }
        return List.copyOf(result);
    }

    private static List<Below> lengths(double[] seconds) {
        List<Below> result = new ArrayList<>();
        if (seconds.length > 0) {
            SortedValues lengths = SortedValues.of(seconds);
            for (int limit : LIMITS_SECONDS) {
                result.add(
                        new Below(
                                limit,
                                (double) lengths.countBelow(limit) / lengths.count(),
                                lengths.sumBelow(limit) / lengths.sum()));
            }
        }
        return List.copyOf(result);
    }
}
