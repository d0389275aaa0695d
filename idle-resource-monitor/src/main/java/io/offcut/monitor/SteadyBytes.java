package io.offcut.monitor;

/**
 * An amount of memory that follows a target which swings: a little below it, grown in steps, and
 * shrunk as soon as the target is below it.
 */
final class SteadyBytes {
    private static final int HEADROOM_DIVISOR = 4;

    private final MonitorConfig config;
    private long bytes;

    SteadyBytes(MonitorConfig config) {
        this.config = config;
    }

    /**
     * Follows.
     *
     * @param swinging memory that is there now, and swings
     * @param bound what it may be at most, which does not swing
     * @return the amount from now on; at most either
     */
    long follow(long swinging, long bound) {
        long headroom = config.memoryStepBytes() / HEADROOM_DIVISOR;
        long target = Math.max(0, Math.min(swinging, bound));
        long careful = Math.max(0, Math.min(swinging - headroom, bound));
        boolean shrink = target < bytes;
        boolean grow = careful > bytes && careful - bytes >= step();
        bytes = shrink || grow ? careful : bytes;
        return bytes;
    }

    private long step() {
        return Math.min(config.memoryStepBytes(), (long) (config.memoryStepFraction() * bytes));
    }

    /** Begins anew. */
    void clear() {
        bytes = 0;
    }
}
