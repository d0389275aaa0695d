package io.offcut.scheduler.internal;

/**
 * Milliseconds since the epoch that never go back. Runs on the monotonic clock and follows the wall
 * clock forward only: after a suspended machine wakes, expiries must agree with the nodes' clocks.
 *
 * <p>For one thread.
 */
final class SchedulerClock {
    private static final long TOLERANCE_MILLIS = 2_000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private long baseMillis = System.currentTimeMillis();
    private long baseNanos = System.nanoTime();

    long nowMillis() {
        long elapsedNanos = System.nanoTime() - baseNanos;
        long nowMillis = baseMillis + elapsedNanos / NANOS_PER_MILLI;
        long wallMillis = System.currentTimeMillis();
        if (wallMillis > nowMillis + TOLERANCE_MILLIS) {
            baseMillis = wallMillis;
            baseNanos = System.nanoTime();
            return wallMillis;
        }
        return nowMillis;
    }
}
