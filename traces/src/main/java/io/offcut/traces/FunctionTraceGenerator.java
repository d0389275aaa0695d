package io.offcut.traces;

/**
 * Makes synthetic function traces with the statistics of 1,350 functions of Azure Functions 2019 on
 * one day, from the data that Shahrad et al. published with "Serverless in the Wild: Characterizing
 * and Optimizing the Serverless Workload at a Large Cloud Provider", USENIX ATC 2020 (CC-BY). They
 * are of these functions, not the fits that the paper prints for all of the service:
 *
 * <ul>
 *   <li>average duration of a function, and memory of its application: by percentiles;
 *   <li>durations of one function around its average: exponential, of which the median of functions
 *       is close (the 99th percentile over the median: 6.6, theirs 6.6; the average over the median
 *       1.44, theirs 1.40);
 *   <li>calls of a function in a day: log-normal with a deviation of 2.1, which gives the most
 *       called fifth 90 % of calls (theirs 91 %), the first hundredth 41 % (35 %);
 *   <li>rate: a daily wave that is highest at a quarter to one.
 * </ul>
 *
 * <p>Bursts are not theirs: their number follows the wave, that of the calls of one is geometric, a
 * tenth of a second apart on average. In the data half of the functions that are called often are
 * more regular than chance (timers), and one in ten has a variance of calls by the minute of 15
 * times their mean, as bursts of 8 have.
 *
 * <p>Same model and seed, same trace, on every machine. Safe for use by any thread.
 */
public final class FunctionTraceGenerator {
    /** Average duration in milliseconds; what is shorter than one takes one. */
    private static final QuantileCurve MEAN_MILLIS =
            QuantileCurve.of(
                    0, 1, 0.10, 21, 0.25, 116, 0.50, 688, 0.75, 3_396, 0.90, 16_771, 0.96, 42_783,
                    0.99, 120_395, 1, 607_361);

    private static final QuantileCurve MEMORY_MIB =
            QuantileCurve.of(
                    0, 75, 0.10, 111, 0.25, 120, 0.50, 142, 0.75, 187, 0.90, 208, 0.99, 363, 1,
                    994);

    private static final double CALLS_SIGMA = 2.1;
    private static final double MAX_MILLIS = 610_000;
    private static final double BURST_GAP_MILLIS = 100;
    private static final double DAY_MILLIS = 86_400_000;
    private static final double PEAK = 12.8 / 24;

    private FunctionTraceGenerator() {}

    /** Makes a trace. */
    public static FunctionTrace generate(FunctionTraceModel model, long seed) {
        RandomVariates random = new RandomVariates(seed);
        FunctionTrace.Builder trace = new FunctionTrace.Builder(new Complaints());
        double[] weights = new double[model.functions()];
        double sum = 0;
        for (int function = 0; function < weights.length; function++) {
            weights[function] = random.logNormal(1, CALLS_SIGMA);
            sum += weights[function];
        }
        for (int function = 0; function < weights.length; function++) {
            long bytes = (long) (MEMORY_MIB.at(random.uniform()) * (1 << 20));
            int index = trace.function("f" + (function + 1), bytes);
            calls(trace, index, model, weights[function] / sum * model.callsPerDay(), random);
        }
        return trace.build();
    }

    /** Bursts by thinning a Poisson process of the highest rate of the day. */
    private static void calls(
            FunctionTrace.Builder trace,
            int function,
            FunctionTraceModel model,
            double callsPerDay,
            RandomVariates random) {
        double meanMillis = MEAN_MILLIS.at(random.uniform());
        double highest = callsPerDay / model.burstCalls() * (1 + model.dailySwing()) / DAY_MILLIS;
        double end = model.days() * DAY_MILLIS;
        double at = random.exponential(1 / highest);
        while (at < end) {
            double rate = 1 + model.dailySwing() * wave(at);
            if (random.uniform() * (1 + model.dailySwing()) < rate) {
                burst(trace, function, at, end, meanMillis, model.burstCalls(), random);
            }
            at += random.exponential(1 / highest);
        }
    }

    private static double wave(double millis) {
        return StrictMath.cos(2 * StrictMath.PI * (millis / DAY_MILLIS - PEAK));
    }

    private static void burst(
            FunctionTrace.Builder trace,
            int function,
            double start,
            double end,
            double meanMillis,
            double calls,
            RandomVariates random) {
        double at = start;
        do {
            double duration = Math.min(MAX_MILLIS, random.exponential(meanMillis));
            trace.call(function, (long) at, (long) StrictMath.ceil(duration));
            at += random.exponential(BURST_GAP_MILLIS);
        } while (at < end && random.uniform() < 1 - 1 / calls);
    }
}
