package io.offcut.core;

/**
 * Whether functions may use what a batch job holds and leaves idle, and how much of it at most.
 *
 * @param shared false: nothing of the job is ever touched
 * @param maxCores logical CPUs that functions may use at most; 0 for no bound of its own
 * @param maxMemoryBytes memory that functions may fill at most; 0 for no bound of its own
 */
public record SharePolicy(boolean shared, int maxCores, long maxMemoryBytes) {
    /** Nothing of the job is touched. */
    public static final SharePolicy EXCLUSIVE = new SharePolicy(false, 0, 0);

    /** All that the job leaves idle. */
    public static final SharePolicy SHARED = new SharePolicy(true, 0, 0);

    public SharePolicy {
        if (maxCores < 0 || maxMemoryBytes < 0) {
            throw new IllegalArgumentException(
                    "sharing of " + maxCores + " cores and " + maxMemoryBytes + " bytes");
        }
    }
}
