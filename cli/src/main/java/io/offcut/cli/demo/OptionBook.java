package io.offcut.cli.demo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * A generated book of European options in chunks, and what each chunk must be worth: computed here,
 * by the formula of Black and Scholes (1973), to compare with what comes back from the workers.
 */
final class OptionBook {
    private static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int OPTION_BYTES = 5 * Double.BYTES;
    private static final int PRICE_BYTES = 2 * Double.BYTES;

    private final int optionsPerChunk;
    private final byte[][] chunks;
    private final double[][] expected;

    /**
     * Generates {@code chunkCount} chunks of {@code optionsPerChunk} options from a seed and prices
     * them locally.
     */
    OptionBook(int chunkCount, int optionsPerChunk, long seed) {
        this.optionsPerChunk = optionsPerChunk;
        this.chunks = new byte[chunkCount][];
        this.expected = new double[chunkCount][];
        SplittableRandom random = new SplittableRandom(seed);
        for (int chunk = 0; chunk < chunkCount; chunk++) {
            generate(chunk, random);
        }
    }

    private void generate(int chunk, SplittableRandom random) {
        byte[] bytes = new byte[optionsPerChunk * OPTION_BYTES];
        double[] prices = new double[optionsPerChunk * 2];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        for (int i = 0; i < optionsPerChunk; i++) {
            double spot = random.nextDouble(50, 150);
            double strike = random.nextDouble(50, 150);
            double years = random.nextDouble(0.05, 3);
            double rate = random.nextDouble(0.0, 0.06);
            double volatility = random.nextDouble(0.1, 0.6);
            long at = (long) i * OPTION_BYTES;
            segment.set(DOUBLE, at, spot);
            segment.set(DOUBLE, at + 8, strike);
            segment.set(DOUBLE, at + 16, years);
            segment.set(DOUBLE, at + 24, rate);
            segment.set(DOUBLE, at + 32, volatility);
            price(spot, strike, years, rate, volatility, prices, 2 * i);
        }
        chunks[chunk] = bytes;
        expected[chunk] = prices;
    }

    private static void price(
            double spot,
            double strike,
            double years,
            double rate,
            double volatility,
            double[] prices,
            int at) {
        double deviation = volatility * Math.sqrt(years);
        double d1 =
                (Math.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years)
                        / deviation;
        double d2 = d1 - deviation;
        double discounted = strike * Math.exp(-rate * years);
        prices[at] = spot * normal(d1) - discounted * normal(d2);
        prices[at + 1] = discounted * normal(-d2) - spot * normal(-d1);
    }

    /**
     * Cumulative normal distribution: Abramowitz and Stegun, Handbook of Mathematical Functions,
     * 26.2.17.
     */
    private static double normal(double x) {
        double t = 1 / (1 + 0.2316419 * Math.abs(x));
        double tail =
                0.3989422804014327
                        * Math.exp(-0.5 * x * x)
                        * t
                        * (0.319381530
                                + t
                                        * (-0.356563782
                                                + t
                                                        * (1.781477937
                                                                + t
                                                                        * (-1.821255978
                                                                                + t
                                                                                        * 1.330274429))));
        return x >= 0 ? 1 - tail : tail;
    }

    int chunkCount() {
        return chunks.length;
    }

    int optionCount() {
        return chunks.length * optionsPerChunk;
    }

    /** Largest input and largest result of a chunk, in bytes. */
    int payloadBytes() {
        return optionsPerChunk * OPTION_BYTES;
    }

    /** The input of one chunk. Not to be changed. */
    byte[] input(int chunk) {
        return chunks[chunk];
    }

    /** The locally computed number at a place of a chunk's result: call, put, call, put, … */
    double expected(int chunk, int index) {
        return expected[chunk][index];
    }

    /** Whether these bytes are the prices of the chunk, each to nine digits. */
    boolean matches(int chunk, MemorySegment result) {
        double[] prices = expected[chunk];
        if (result.byteSize() != (long) optionsPerChunk * PRICE_BYTES) {
            return false;
        }
        for (int i = 0; i < prices.length; i++) {
            double difference = Math.abs(result.get(DOUBLE, (long) i * Double.BYTES) - prices[i]);
            if (!(difference <= 1e-9 * Math.max(1, Math.abs(prices[i])))) {
                return false;
            }
        }
        return true;
    }
}
