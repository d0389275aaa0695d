package io.offcut.core.api;

/**
 * What one user has used since accounting began, of leases that have ended.
 *
 * @param coreMillis cores held times the time they were held
 * @param memoryMebibyteMillis memory held, in MiB, times the time it was held
 * @param cpuMicros CPU time of executors
 * @param executingMicros time in functions
 * @param hotPollingMicros time in which idle workers polled for the next invocation
 */
public record UsageView(
        String user,
        long leases,
        long invocations,
        long coreMillis,
        long memoryMebibyteMillis,
        long cpuMicros,
        long executingMicros,
        long hotPollingMicros,
        long leasesReclaimed) {
    /** Of a user who has used nothing. */
    public static UsageView nothing(String user) {
        return new UsageView(user, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
