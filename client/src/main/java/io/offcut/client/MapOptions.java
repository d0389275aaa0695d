package io.offcut.client;

/**
 * How a {@linkplain WorkerPool#map streaming map} runs.
 *
 * @param ordered results come in the order of the items; otherwise as they are ready
 * @param windowItems largest number of items read and not yet handled
 * @param windowBytes inputs read and results not yet handled stay about below this, in bytes; a
 *     single item may be larger
 * @param itemTimeoutNanos longest time of one invocation on a worker; 0 for the function's own
 *     limit
 */
public record MapOptions(
        boolean ordered, int windowItems, long windowBytes, long itemTimeoutNanos) {
    public MapOptions {
        if (windowItems < 1 || windowBytes < 1 || itemTimeoutNanos < 0) {
            throw new IllegalArgumentException(
                    "window of "
                            + windowItems
                            + " items, "
                            + windowBytes
                            + " bytes, time-out "
                            + itemTimeoutNanos
                            + " ns");
        }
    }

    /** Results as they are ready. */
    public static MapOptions unordered() {
        return new MapOptions(false, 1 << 14, 256L << 20, 0);
    }

    /** Results in the order of the items. */
    public static MapOptions inOrder() {
        return new MapOptions(true, 1 << 16, 256L << 20, 0);
    }
}
