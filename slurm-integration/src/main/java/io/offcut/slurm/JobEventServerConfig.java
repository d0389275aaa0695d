package io.offcut.slurm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * How a {@link JobEventServer} listens.
 *
 * @param socketPath where its unix-domain socket is made; at most 100 bytes long
 * @param answerTimeout how long a listener may take before {@code TIMEOUT} is answered; shorter
 *     than the deadline of the plugin, so that it hears the answer
 * @param requestTimeout how long a connected peer may take to send its line
 * @param maxConnections events served at once, including those a listener has not finished
 * @param trustedUsers names of users that may report events besides root and the daemon's own: the
 *     site's SlurmUser or SlurmdUser
 */
public record JobEventServerConfig(
        Path socketPath,
        Duration answerTimeout,
        Duration requestTimeout,
        int maxConnections,
        Set<String> trustedUsers) {
    /** Longest path the kernel accepts (unix(7): 108 bytes with the final zero), less a suffix. */
    public static final int MAX_PATH_BYTES = 100;

    public JobEventServerConfig {
        trustedUsers = Set.copyOf(trustedUsers);
        if (answerTimeout.toMillis() < 1 || requestTimeout.toMillis() < 1 || maxConnections < 1) {
            throw new IllegalArgumentException(
                    "job event server with time-outs "
                            + answerTimeout
                            + " and "
                            + requestTimeout
                            + " and "
                            + maxConnections
                            + " connections");
        }
    }

    /** Answers within 1.5 s, waits 1 s for a line, serves 64 events at once, trusts root only. */
    public static JobEventServerConfig at(Path socketPath) {
        return new JobEventServerConfig(
                socketPath, Duration.ofMillis(1500), Duration.ofSeconds(1), 64, Set.of());
    }

    /** The same with another time for the listener. */
    public JobEventServerConfig withAnswerTimeout(Duration timeout) {
        return new JobEventServerConfig(
                socketPath, timeout, requestTimeout, maxConnections, trustedUsers);
    }

    /** The same with other limits on what peers may do. */
    public JobEventServerConfig withLimits(Duration requestTime, int connections) {
        return new JobEventServerConfig(
                socketPath, answerTimeout, requestTime, connections, trustedUsers);
    }

    /** The same with other trusted users. */
    public JobEventServerConfig withTrustedUsers(Set<String> users) {
        return new JobEventServerConfig(
                socketPath, answerTimeout, requestTimeout, maxConnections, users);
    }
}
