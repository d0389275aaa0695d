package io.offcut.simulator;

import io.offcut.traces.RandomVariates;

/**
 * Bursts of invocations at random times: a Poisson process whose rate may follow the hour of the
 * day, {@code rate · (1 + swing · cos(2π (t − peak) / day))}, drawn by thinning (Lewis and Shedler,
 * "Simulation of nonhomogeneous Poisson processes by thinning", 1979). Time counts from the begin
 * of the simulation, so that its first instant is midnight.
 *
 * @param ratePerHour mean number of bursts
 * @param burst invocations that come together
 * @param service how long each computes
 * @param functions how many there are; each burst is of one of them, all equally likely
 * @param swing of the daily pattern, 0 for none to 1 for silence at the quietest hour
 */
public record RandomArrivals(
        double ratePerHour, int burst, Service service, int functions, double swing)
        implements ArrivalSource {
    private static final double DAY_MILLIS = 86_400_000;

    /** Afternoon, as in published traces (Shahrad et al., "Serverless in the Wild", ATC 2020). */
    private static final double PEAK_MILLIS = 15 * 3_600_000.0;

    private static final long LONGEST_MILLIS = 1L << 40;

    /** How long an invocation computes. */
    public sealed interface Service {
        /** Exponential. */
        record Exponential(double meanMillis) implements Service {}

        /** The exponential function of a normal variate. */
        record LogNormal(double medianMillis, double sigma) implements Service {}

        /** Pareto: {@code P(T > t) = (least / t)^shape}; without a mean for a shape up to 1. */
        record Pareto(double leastMillis, double shape) implements Service {}
    }

    public RandomArrivals {
        boolean positive =
                switch (service) {
                    case Service.Exponential(double mean) -> mean > 0;
                    case Service.LogNormal(double median, double sigma) -> median > 0 && sigma >= 0;
                    case Service.Pareto(double least, double shape) -> least > 0 && shape > 0;
                };
        if (!(ratePerHour > 0) || burst < 1 || functions < 1 || !positive) {
            throw new IllegalArgumentException(
                    "random arrivals need a rate, a burst, work and functions above 0; got "
                            + ratePerHour
                            + " an hour, "
                            + burst
                            + " together, "
                            + service
                            + ", "
                            + functions
                            + " functions");
        }
        if (!(swing >= 0 && swing <= 1)) {
            throw new IllegalArgumentException("a daily swing is 0 to 1, not " + swing);
        }
    }

    @Override
    public String name() {
        return "poisson";
    }

    @Override
    public Cursor open(long seed) {
        return new Draws(new RandomVariates(seed));
    }

    private final class Draws implements Cursor {
        private final RandomVariates random;
        private double clockMillis;
        private int leftOfBurst;
        private int function;
        private long durationMillis;

        Draws(RandomVariates random) {
            this.random = random;
        }

        @Override
        public boolean advance() {
            if (leftOfBurst == 0) {
                nextBurst();
            }
            leftOfBurst--;
            durationMillis = Math.clamp((long) draw(), 1, LONGEST_MILLIS);
            return true;
        }

        private void nextBurst() {
            double meanGap = 3_600_000 / (ratePerHour * (1 + swing));
            do {
                clockMillis += Math.max(1, random.exponential(meanGap));
            } while (swing > 0 && random.uniform() * (1 + swing) > relativeRate());
            leftOfBurst = burst;
            function = functions == 1 ? 0 : (int) (random.uniform() * functions);
        }

        private double relativeRate() {
            double phase = (clockMillis - PEAK_MILLIS) / DAY_MILLIS;
            return 1 + swing * StrictMath.cos(2 * Math.PI * phase);
        }

        private double draw() {
            return switch (service) {
                case Service.Exponential(double mean) -> random.exponential(mean);
                case Service.LogNormal(double median, double sigma) ->
                        random.logNormal(median, sigma);
                case Service.Pareto(double least, double shape) ->
                        least * StrictMath.pow(1 - random.uniform(), -1 / shape);
            };
        }

        @Override
        public long atMillis() {
            return (long) clockMillis;
        }

        @Override
        public long durationMillis() {
            return durationMillis;
        }

        @Override
        public long memoryBytes() {
            return 0;
        }

        @Override
        public int function() {
            return function;
        }
    }
}
