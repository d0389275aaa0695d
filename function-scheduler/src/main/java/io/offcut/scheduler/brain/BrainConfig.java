package io.offcut.scheduler.brain;

/**
 * Limits and times of the scheduling core. Times are in the unit of the clock that drives it:
 * milliseconds.
 *
 * @param heartbeatMillis how often a node is to be heard
 * @param nodeTimeoutMillis silence after which a node is lost: 3 heartbeats
 * @param activationMillis a granted lease that nobody opened for so long ends
 * @param maxTtlMillis longest lease; a longer wish is cut to this
 * @param maxWorkersPerUser quota over all requests of a user; what exceeds it waits, and a request
 *     that wants more at once is refused
 * @param maxQueuedRequests bound on the queue; more are refused
 * @param maxQueuedRequestsPerUser bound on one user's share of the queue
 * @param rememberEndedMillis how long an ended request can still be asked for
 */
public record BrainConfig(
        long heartbeatMillis,
        long nodeTimeoutMillis,
        long activationMillis,
        long maxTtlMillis,
        int maxWorkersPerUser,
        int maxQueuedRequests,
        int maxQueuedRequestsPerUser,
        long rememberEndedMillis) {
    /** What a scheduler runs with unless told otherwise. */
    public static final BrainConfig DEFAULT =
            new BrainConfig(1_000, 3_000, 30_000, 3_600_000, 4_096, 10_000, 1_000, 60_000);

    public BrainConfig {
        if (heartbeatMillis <= 0
                || nodeTimeoutMillis < heartbeatMillis
                || activationMillis <= 0
                || maxTtlMillis <= 0
                || maxWorkersPerUser <= 0
                || maxQueuedRequests <= 0
                || maxQueuedRequestsPerUser <= 0
                || rememberEndedMillis < 0) {
            throw new IllegalArgumentException(
                    "times and limits must be positive and the node time-out at least one heartbeat");
        }
    }
}
