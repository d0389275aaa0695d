package io.offcut.simulator;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * How values are spread. Count, sum, mean, least and greatest are exact; every other value is the
 * middle of its class, and off by a thousandth at most, and by half of a unit of what is added.
 * Takes memory for the range of the values, not for their number. Immutable, for any thread.
 */
public final class Distribution {
    private static final int DIGITS = 3;

    private final Histogram counts;
    private final double unit;

    /** In wholes, as are those that are exact. */
    private final double sum;

    private final long least;
    private final long greatest;
    private final double exactLeast;
    private final double exactGreatest;

    private Distribution(Builder builder) {
        this.counts = builder.counts.copy();
        this.unit = builder.unit;
        this.sum = builder.sum / (double) builder.unit + builder.fractions;
        this.least = builder.least;
        this.greatest = builder.greatest;
        this.exactLeast = builder.exactLeast;
        this.exactGreatest = builder.exactGreatest;
    }

    /**
     * A point of the cumulative curve.
     *
     * @param shareOfCount values up to this one, of all
     * @param shareOfSum their sum, of that of all
     */
    public record Point(double value, double shareOfCount, double shareOfSum) {}

    public long count() {
        return counts.getTotalCount();
    }

    public boolean isEmpty() {
        return count() == 0;
    }

    /** Of all values; 0 when there is none. */
    public double sum() {
        return sum;
    }

    /** 0 when there is no value. */
    public double mean() {
        return isEmpty() ? 0 : sum / count();
    }

    /** 0 when there is no value. */
    public double least() {
        return isEmpty() ? 0 : exactLeast;
    }

    /** 0 when there is no value. */
    public double greatest() {
        return exactGreatest;
    }

    /** The value that {@code percent} of all do not exceed; 0 when there is none. */
    public double percentile(double percent) {
        return isEmpty() ? 0 : inUnits(counts.getValueAtPercentile(percent));
    }

    /** Share of the values that are at most this one. */
    public double shareUpTo(double value) {
        long raw = Math.round(value * unit);
        return isEmpty() || raw < 0
                ? 0
                : (double) counts.getCountBetweenValues(0, Math.min(raw, greatest)) / count();
    }

    /**
     * The cumulative curve in at most about {@code points} points: between two of them that follow
     * each other lies no more than {@code 2 / points} of the values or of the logarithmic range, or
     * nothing at all. The last is the greatest value.
     */
    public List<Point> curve(int points) {
        double step = 2.0 / points;
        double logRange = Math.max(1e-9, Math.log((greatest + 1.0) / (least + 1.0)));
        double weight = 0;
        for (HistogramIterationValue at : counts.recordedValues()) {
            weight += (double) at.getCountAtValueIteratedTo() * middle(at);
        }
        List<Point> curve = new ArrayList<>();
        double shownShare = -1;
        double shownLog = -1;
        double weightSoFar = 0;
        for (HistogramIterationValue at : counts.recordedValues()) {
            weightSoFar += (double) at.getCountAtValueIteratedTo() * middle(at);
            double share = (double) at.getTotalCountToThisValue() / count();
            double log = Math.log((middle(at) + 1.0) / (least + 1.0)) / logRange;
            boolean last = at.getTotalCountToThisValue() == count();
            if (last || share - shownShare >= step || log - shownLog >= step) {
                double shareOfSum = weight == 0 ? share : weightSoFar / weight;
                double value = last ? exactGreatest : inUnits(middle(at));
                curve.add(new Point(value, share, shareOfSum));
                shownShare = share;
                shownLog = log;
            }
        }
        return curve;
    }

    private long middle(HistogramIterationValue step) {
        return counts.medianEquivalentValue(step.getValueIteratedTo());
    }

    private double inUnits(long raw) {
        return Math.clamp(
                Math.clamp(counts.medianEquivalentValue(raw), least, greatest) / unit,
                exactLeast,
                exactGreatest);
    }

    /** Collects values. For one thread. */
    public static final class Builder {
        private final Histogram counts = new Histogram(DIGITS);
        private final int unit;
        private long sum;
        private long least = Long.MAX_VALUE;
        private long greatest;
        private double fractions;
        private double exactLeast = Double.POSITIVE_INFINITY;
        private double exactGreatest;

        /**
         * Starts empty.
         *
         * @param unit how many of what is added make one: 1000 when milliseconds are added and
         *     seconds are wanted
         */
        public Builder(int unit) {
            this.unit = unit;
            counts.setAutoResize(true);
        }

        /** Adds a value; below 0 counts as 0. */
        public void add(long value) {
            long counted = Math.max(0, value);
            sum += counted;
            count(counted, counted / (double) unit);
        }

        /** Adds a value in wholes, of which every digit counts; not below 0. */
        public void addExactly(double value) {
            fractions += value;
            count(Math.round(value * unit), value);
        }

        private void count(long counted, double exact) {
            counts.recordValue(counted);
            least = Math.min(least, counted);
            greatest = Math.max(greatest, counted);
            exactLeast = Math.min(exactLeast, exact);
            exactGreatest = Math.max(exactGreatest, exact);
        }

        /** What was added so far. */
        public Distribution build() {
            return new Distribution(this);
        }
    }
}
