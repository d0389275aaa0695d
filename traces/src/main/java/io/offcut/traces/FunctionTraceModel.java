package io.offcut.traces;

/**
 * What a synthetic function trace is to look like.
 *
 * @param functions how many functions, at least 1
 * @param callsPerDay of all functions together, on average, above 0
 * @param days how long the trace is, at least 1
 * @param dailySwing how much of the rate follows the time of day: 0 for none, 1 for a rate that
 *     falls to nothing at night
 * @param burstCalls how many calls arrive together on average, at least 1
 */
public record FunctionTraceModel(
        int functions, double callsPerDay, int days, double dailySwing, double burstCalls) {
    public FunctionTraceModel {
        if (functions < 1
                || !(callsPerDay > 0)
                || days < 1
                || !(dailySwing >= 0 && dailySwing <= 1)
                || !(burstCalls >= 1)
                || !(callsPerDay * days < FunctionTrace.MAX_CALLS / 2)) {
            throw new IllegalArgumentException(
                    "a function trace needs at least 1 function and day, calls above 0 and below "
                            + FunctionTrace.MAX_CALLS / 2
                            + " in all, a swing from 0 to 1 and bursts of at least 1; got "
                            + functions
                            + " functions, "
                            + callsPerDay
                            + " calls a day, "
                            + days
                            + " days, swing "
                            + dailySwing
                            + ", bursts of "
                            + burstCalls);
        }
    }
}
