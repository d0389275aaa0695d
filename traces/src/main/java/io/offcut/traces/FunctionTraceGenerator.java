package io.offcut.traces;

/**
 * Makes synthetic function traces after Shahrad et al., "Serverless in the Wild: Characterizing and
 * Optimizing the Serverless Workload at a Large Cloud Provider", USENIX ATC 2020:
 *
 * <ul>
 *   <li>average duration of a function: log-normal, the logarithm of the seconds with mean −0.38
 *       and deviation 2.36 (their figure 7); cut at ten minutes, as the service does;
 *   <li>memory of a function: Burr with c = 11.652, k = 0.221, λ = 107.083 MB (their figure 8), cut
 *       at 4 GB;
 *   <li>rate: a daily wave over a constant half, as the load of all functions has (their figure 4).
 * </ul>
 *
 * <p>Not theirs: how the calls are spread over functions (the k-th is called in proportion to
 * k<sup>−1.5</sup>, which gives the most popular fifth more than 95 % of calls, where they find
 * 99.6 %), the durations of one function around its average (exponential), and bursts (their number
 * is geometric, the calls of one a tenth of a second apart on average).
 *
 * <p>Same model and seed, same trace, on every machine. Safe for use by any thread.
 */
public final class FunctionTraceGenerator {
    private static final double LOG_SECONDS_MEAN = -0.38;
    private static final double LOG_SECONDS_SIGMA = 2.36;
    private static final double MAX_SECONDS = 600;
    private static final double BURR_C = 11.652;
    private static final double BURR_K = 0.221;
    private static final double BURR_LAMBDA_MB = 107.083;
    private static final double MAX_MEGABYTES = 4096;
    private static final double POPULARITY = 1.5;
    private static final double BURST_GAP_MILLIS = 100;
    private static final double DAY_MILLIS = 86_400_000;

    /** The busiest time, as for batch jobs: early afternoon. */
    private static final double PEAK = 14 / 24.0;

    private FunctionTraceGenerator() {}

    /** Makes a trace. */
    public static FunctionTrace generate(FunctionTraceModel model, long seed) {
        RandomVariates random = new RandomVariates(seed);
        FunctionTrace.Builder trace = new FunctionTrace.Builder(new Complaints());
        double weights = 0;
        for (int function = 1; function <= model.functions(); function++) {
            weights += StrictMath.pow(function, -POPULARITY);
        }
        for (int function = 1; function <= model.functions(); function++) {
            double share = StrictMath.pow(function, -POPULARITY) / weights;
            int index = trace.function("f" + function, memoryBytes(random));
            calls(trace, index, model, share * model.callsPerDay(), random);
        }
        return trace.build();
    }

    private static long memoryBytes(RandomVariates random) {
        // The inverse of the Burr distribution: 1 - (1 + (x / λ)^c)^-k.
        double left = StrictMath.pow(1 - random.uniform(), -1 / BURR_K) - 1;
        double megabytes = BURR_LAMBDA_MB * StrictMath.pow(left, 1 / BURR_C);
        return (long) (Math.min(MAX_MEGABYTES, Math.max(1, megabytes)) * 1e6);
    }

    /** Bursts by thinning a Poisson process of the highest rate of the day. */
    private static void calls(
            FunctionTrace.Builder trace,
            int function,
            FunctionTraceModel model,
            double callsPerDay,
            RandomVariates random) {
        double meanMillis =
                1000
                        * Math.min(
                                MAX_SECONDS,
                                StrictMath.exp(
                                        LOG_SECONDS_MEAN + LOG_SECONDS_SIGMA * random.normal()));
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
            double duration = Math.min(MAX_SECONDS * 1000, random.exponential(meanMillis));
            trace.call(function, (long) at, (long) StrictMath.ceil(duration));
            at += random.exponential(BURST_GAP_MILLIS);
        } while (at < end && random.uniform() < 1 - 1 / calls);
    }
}
