package io.offcut.core.lease;

/**
 * What a lease has used, counted by its node without a message for an invocation. Totals only ever
 * grow.
 *
 * @param invocations calls answered
 * @param cpuMicros CPU time of the executor
 * @param activeMillis time between opening and now or the end
 * @param executingMicros time in functions, all workers together
 * @param hotPollingMicros time in which idle workers polled for the next invocation
 */
public record LeaseUsage(
        long invocations,
        long cpuMicros,
        long activeMillis,
        long executingMicros,
        long hotPollingMicros) {
    /** Nothing used yet. */
    public static final LeaseUsage NONE = new LeaseUsage(0, 0, 0, 0, 0);

    /** Without the times of its workers. */
    public LeaseUsage(long invocations, long cpuMicros, long activeMillis) {
        this(invocations, cpuMicros, activeMillis, 0, 0);
    }

    /** The larger of each, whatever order they were reported in. */
    public LeaseUsage max(LeaseUsage other) {
        return new LeaseUsage(
                Math.max(invocations, other.invocations),
                Math.max(cpuMicros, other.cpuMicros),
                Math.max(activeMillis, other.activeMillis),
                Math.max(executingMicros, other.executingMicros),
                Math.max(hotPollingMicros, other.hotPollingMicros));
    }

    /** Of this one and another executor, active for so long. */
    public LeaseUsage plus(LeaseUsage other, long activeForMillis) {
        return new LeaseUsage(
                invocations + other.invocations,
                cpuMicros + other.cpuMicros,
                activeForMillis,
                executingMicros + other.executingMicros,
                hotPollingMicros + other.hotPollingMicros);
    }
}
