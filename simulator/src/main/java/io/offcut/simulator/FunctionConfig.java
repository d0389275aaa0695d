package io.offcut.simulator;

/**
 * What runs on the idle cores.
 *
 * @param load who asks for workers
 * @param holdOffMillis a core must be idle for so long before its node offers it
 * @param startUpMillis time between the grant of a lease and its first useful work
 * @param memoryBytesPerWorker memory ceiling of each worker
 * @param offerUnderused whether cores that a job holds and does not compute on are offered too. The
 *     node daemon does not do this: a result with it says what could be won, not what is.
 */
public record FunctionConfig(
        Load load,
        long holdOffMillis,
        long startUpMillis,
        long memoryBytesPerWorker,
        boolean offerUnderused) {
    /** No functions at all. */
    public static final FunctionConfig NONE = new FunctionConfig(new Load.None(), 0, 0, 0, false);

    /** As much as fits; cores are offered after 10 s, executors start in 500 ms, 256 MiB each. */
    public static final FunctionConfig DEFAULT =
            new FunctionConfig(new Load.Standing(), 10_000, 500, 256L << 20, false);

    /** Who asks for workers. */
    public sealed interface Load {
        /** Nobody. */
        record None() implements Load {}

        /** One client that always wants all cores there are and never runs out of work. */
        record Standing() implements Load {}

        /**
         * Requests that come at random: exponential gaps, exponential work.
         *
         * @param requestsPerHour mean rate
         * @param workers of each request
         * @param meanSeconds mean time each worker has to do
         * @param patienceSeconds a request that waits longer for its first workers gives up
         */
        record Poisson(
                double requestsPerHour, int workers, double meanSeconds, long patienceSeconds)
                implements Load {
            public Poisson {
                if (!(requestsPerHour > 0)
                        || workers < 1
                        || !(meanSeconds > 0)
                        || patienceSeconds < 0) {
                    throw new IllegalArgumentException(
                            "requests need a rate, workers and work above 0 and patience; got "
                                    + requestsPerHour
                                    + " an hour, "
                                    + workers
                                    + " workers, "
                                    + meanSeconds
                                    + " s, patience "
                                    + patienceSeconds
                                    + " s");
                }
            }
        }
    }

    public FunctionConfig {
        if (holdOffMillis < 0 || startUpMillis < 0 || memoryBytesPerWorker < 0) {
            throw new IllegalArgumentException(
                    "hold-off, start-up and memory must not be negative: "
                            + holdOffMillis
                            + " ms, "
                            + startUpMillis
                            + " ms, "
                            + memoryBytesPerWorker
                            + " bytes");
        }
    }
}
