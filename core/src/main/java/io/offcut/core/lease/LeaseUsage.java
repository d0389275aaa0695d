package io.offcut.core.lease;

/**
 * What a lease has used, counted by its node. Totals only ever grow.
 *
 * @param invocations calls answered
 * @param cpuMicros CPU time of the executor
 * @param activeMillis time between opening and now or the end
 */
public record LeaseUsage(long invocations, long cpuMicros, long activeMillis) {
    /** Nothing used yet. */
    public static final LeaseUsage NONE = new LeaseUsage(0, 0, 0);
}
