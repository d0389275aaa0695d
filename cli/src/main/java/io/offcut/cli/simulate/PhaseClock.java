package io.offcut.cli.simulate;

/** How long each part of a run took, one after another. For one thread. */
final class PhaseClock {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final StringBuilder line = new StringBuilder();
    private long sinceNanos = System.nanoTime();

    /** What began when the one before ended, or with this clock, is over. */
    void ended(String phase) {
        long nowNanos = System.nanoTime();
        line.append(line.isEmpty() ? "" : ", ")
                .append(phase)
                .append(' ')
                .append((nowNanos - sinceNanos) / NANOS_PER_MILLI)
                .append(" ms");
        sinceNanos = nowNanos;
    }

    /** Such as {@code read 41 ms, simulate 35 ms}. */
    String line() {
        return line.toString();
    }
}
