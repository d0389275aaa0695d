package io.offcut.traces;

import java.util.SplittableRandom;

/**
 * Random numbers of the distributions that workload models use. One seed gives the same numbers on
 * every machine and Java release: only {@link SplittableRandom#nextLong()} and {@link StrictMath}
 * are used. For one thread.
 */
public final class RandomVariates {
    private static final double UNIT = 0x1.0p-53;

    private final SplittableRandom random;

    public RandomVariates(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** Uniform in [0, 1). */
    public double uniform() {
        return (random.nextLong() >>> 11) * UNIT;
    }

    /** Uniform in [low, high). */
    public double uniform(double low, double high) {
        return low + (high - low) * uniform();
    }

    /** Exponential with this mean. */
    public double exponential(double mean) {
        return -mean * StrictMath.log(1 - uniform());
    }

    /** Normal with mean 0 and variance 1: the polar method of Marsaglia and Bray (1964). */
    public double normal() {
        while (true) {
            double x = uniform(-1, 1);
            double y = uniform(-1, 1);
            double square = x * x + y * y;
            if (square > 0 && square < 1) {
                return x * StrictMath.sqrt(-2 * StrictMath.log(square) / square);
            }
        }
    }

    /** The exponential function of a normal variate: {@code median · e^(sigma · N(0,1))}. */
    public double logNormal(double median, double sigma) {
        return median * StrictMath.exp(sigma * normal());
    }

    /**
     * Gamma with this shape (at least 1) and scale: Marsaglia and Tsang, "A simple method for
     * generating gamma variables", ACM TOMS 26(3), 2000.
     */
    public double gamma(double shape, double scale) {
        if (shape < 1) {
            throw new IllegalArgumentException("gamma shape " + shape + " is below 1");
        }
        double d = shape - 1.0 / 3;
        double c = 1 / StrictMath.sqrt(9 * d);
        while (true) {
            double x = normal();
            double root = 1 + c * x;
            double v = root * root * root;
            if (v > 0
                    && StrictMath.log(1 - uniform())
                            < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                return d * v * scale;
            }
        }
    }
}
