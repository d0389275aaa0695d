package io.offcut.core;

/**
 * Whether functions may use what a batch job holds and leaves idle, as its user or the site
 * decided.
 *
 * @param shared false: never
 * @param maxCores most logical CPUs of the job that functions may use on one node
 * @param maxMemoryBytes most memory of the job that functions may fill on one node
 */
public record SharePolicy(boolean shared, int maxCores, long maxMemoryBytes) {
    /** Nothing of the job is touched. */
    public static final SharePolicy EXCLUSIVE = new SharePolicy(false, 0, 0);

    /** Whatever it leaves idle. */
    public static final SharePolicy SHARED =
            new SharePolicy(true, Integer.MAX_VALUE, Long.MAX_VALUE);

    public SharePolicy {
        if (maxCores < 0 || maxMemoryBytes < 0) {
            throw new IllegalArgumentException(
                    "a share of " + maxCores + " cores and " + maxMemoryBytes + " bytes");
        }
    }
}
