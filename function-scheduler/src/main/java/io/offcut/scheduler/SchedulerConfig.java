package io.offcut.scheduler;

import io.offcut.core.ErrorCode;
import io.offcut.core.HomeFolder;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.brain.BrainConfig;
import java.nio.file.Path;

/**
 * Configuration of the scheduler. A key that is left out (null) gets its default; a wrong value is
 * refused by name.
 *
 * @param host address to listen on; default {@code 127.0.0.1}. Any other than a loopback address
 *     needs {@code tokensFile} and {@code nodeSecretFile}
 * @param port TCP port, 0 for any free one; default 7070
 * @param stateDir folder for functions, accounting, drained nodes and the signing key; default
 *     {@code ~/.offcut/scheduler}
 * @param tokensFile users: lines of {@code user role sha256-of-token} with the role {@code user} or
 *     {@code operator}; empty (default) trusts everybody on this machine
 * @param nodeSecretFile file with the secret that nodes present; empty (default) for none
 * @param maxBundleBytes largest function bundle; default 256 MiB
 * @param heartbeatMillis how often a node is to be heard; after three times this it is lost;
 *     default 1000
 * @param activationMillis a lease that nobody opens ends after this; default 30 s
 * @param maxTtlMillis longest lifetime of a lease without renewal; default 1 h
 * @param maxWorkersPerUser quota; default 4096
 * @param maxQueuedRequests bound of the queue; default 10,000
 * @param maxQueuedRequestsPerUser bound of one user's share of the queue; default 1,000
 * @param maxFunctionBytesPerUser quota for the function bundles a user keeps; default 4 GiB
 * @param rememberEndedMillis how long an ended request can be asked for; default 60 s
 * @param idleQuantile share of the times for which nodes stay idle that may end earlier than the
 *     scheduler expects from those before, where it is told of them; 0: it expects nothing; default
 *     0.25
 */
public record SchedulerConfig(
        String host,
        Integer port,
        Path stateDir,
        String tokensFile,
        String nodeSecretFile,
        Long maxBundleBytes,
        Long heartbeatMillis,
        Long activationMillis,
        Long maxTtlMillis,
        Integer maxWorkersPerUser,
        Integer maxQueuedRequests,
        Integer maxQueuedRequestsPerUser,
        Long maxFunctionBytesPerUser,
        Long rememberEndedMillis,
        Double idleQuantile) {
    private static final String DEFAULT_HOST = "127.0.0.1";
    private static final int DEFAULT_PORT = 7070;
    private static final long DEFAULT_BUNDLE_BYTES = 256L << 20;
    private static final long MAX_BUNDLE_BYTES = 4L << 30;
    private static final long DEFAULT_USER_BYTES = 4L << 30;
    private static final int LOST_AFTER_HEARTBEATS = 3;
    private static final long DAY_MILLIS = 24L * 3600 * 1000;
    private static final double DEFAULT_IDLE_QUANTILE = 0.25;
    private static final double MAX_IDLE_QUANTILE = 0.9;

    public SchedulerConfig {
        BrainConfig brain = BrainConfig.DEFAULT;
        host = host == null ? DEFAULT_HOST : host.strip();
        port = port == null ? DEFAULT_PORT : port;
        stateDir = stateDir == null ? defaultStateDir() : stateDir;
        tokensFile = tokensFile == null ? "" : tokensFile.strip();
        nodeSecretFile = nodeSecretFile == null ? "" : nodeSecretFile.strip();
        maxBundleBytes = maxBundleBytes == null ? DEFAULT_BUNDLE_BYTES : maxBundleBytes;
        heartbeatMillis = heartbeatMillis == null ? brain.heartbeatMillis() : heartbeatMillis;
        activationMillis = activationMillis == null ? brain.activationMillis() : activationMillis;
        maxTtlMillis = maxTtlMillis == null ? brain.maxTtlMillis() : maxTtlMillis;
        maxWorkersPerUser =
                maxWorkersPerUser == null ? brain.maxWorkersPerUser() : maxWorkersPerUser;
        maxQueuedRequests =
                maxQueuedRequests == null ? brain.maxQueuedRequests() : maxQueuedRequests;
        maxQueuedRequestsPerUser =
                maxQueuedRequestsPerUser == null
                        ? brain.maxQueuedRequestsPerUser()
                        : maxQueuedRequestsPerUser;
        maxFunctionBytesPerUser =
                maxFunctionBytesPerUser == null ? DEFAULT_USER_BYTES : maxFunctionBytesPerUser;
        rememberEndedMillis =
                rememberEndedMillis == null ? brain.rememberEndedMillis() : rememberEndedMillis;
        idleQuantile = idleQuantile == null ? DEFAULT_IDLE_QUANTILE : idleQuantile;
        if (host.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.USAGE, "scheduler configuration, key host: is empty");
        }
        within("port", port, 0, 65_535);
        within("maxBundleBytes", maxBundleBytes, 1, MAX_BUNDLE_BYTES);
        within("heartbeatMillis", heartbeatMillis, 10, DAY_MILLIS);
        within("activationMillis", activationMillis, 1, DAY_MILLIS);
        within("maxTtlMillis", maxTtlMillis, 1, 365 * DAY_MILLIS);
        within("maxWorkersPerUser", maxWorkersPerUser, 1, Integer.MAX_VALUE);
        within("maxQueuedRequests", maxQueuedRequests, 1, 10_000_000);
        within("maxQueuedRequestsPerUser", maxQueuedRequestsPerUser, 1, 10_000_000);
        within("maxFunctionBytesPerUser", maxFunctionBytesPerUser, 1, Long.MAX_VALUE);
        within("rememberEndedMillis", rememberEndedMillis, 0, DAY_MILLIS);
        if (!(idleQuantile >= 0 && idleQuantile <= MAX_IDLE_QUANTILE)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "scheduler configuration, key idleQuantile: "
                            + idleQuantile
                            + " is not from 0 to "
                            + MAX_IDLE_QUANTILE);
        }
    }

    private static Path defaultStateDir() {
        return HomeFolder.path().resolve(".offcut/scheduler");
    }

    private static void within(String key, long value, long min, long max) {
        if (value < min || value > max) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "scheduler configuration, key "
                            + key
                            + ": "
                            + value
                            + " is not from "
                            + min
                            + " to "
                            + max);
        }
    }

    /** Every key at its default. */
    public static SchedulerConfig defaults() {
        BrainConfig brain = BrainConfig.DEFAULT;
        return new SchedulerConfig(
                DEFAULT_HOST,
                DEFAULT_PORT,
                defaultStateDir(),
                "",
                "",
                DEFAULT_BUNDLE_BYTES,
                brain.heartbeatMillis(),
                brain.activationMillis(),
                brain.maxTtlMillis(),
                brain.maxWorkersPerUser(),
                brain.maxQueuedRequests(),
                brain.maxQueuedRequestsPerUser(),
                DEFAULT_USER_BYTES,
                brain.rememberEndedMillis(),
                DEFAULT_IDLE_QUANTILE);
    }

    /** The same with another address. */
    public SchedulerConfig withAddress(String newHost, int newPort) {
        return new SchedulerConfig(
                newHost,
                newPort,
                stateDir,
                tokensFile,
                nodeSecretFile,
                maxBundleBytes,
                heartbeatMillis,
                activationMillis,
                maxTtlMillis,
                maxWorkersPerUser,
                maxQueuedRequests,
                maxQueuedRequestsPerUser,
                maxFunctionBytesPerUser,
                rememberEndedMillis,
                idleQuantile);
    }

    /** The same with another state folder. */
    public SchedulerConfig withStateDir(Path newStateDir) {
        return new SchedulerConfig(
                host,
                port,
                newStateDir,
                tokensFile,
                nodeSecretFile,
                maxBundleBytes,
                heartbeatMillis,
                activationMillis,
                maxTtlMillis,
                maxWorkersPerUser,
                maxQueuedRequests,
                maxQueuedRequestsPerUser,
                maxFunctionBytesPerUser,
                rememberEndedMillis,
                idleQuantile);
    }

    /** The same with other credentials. */
    public SchedulerConfig withCredentials(String newTokensFile, String newNodeSecretFile) {
        return new SchedulerConfig(
                host,
                port,
                stateDir,
                newTokensFile,
                newNodeSecretFile,
                maxBundleBytes,
                heartbeatMillis,
                activationMillis,
                maxTtlMillis,
                maxWorkersPerUser,
                maxQueuedRequests,
                maxQueuedRequestsPerUser,
                maxFunctionBytesPerUser,
                rememberEndedMillis,
                idleQuantile);
    }

    /** What the core needs of it. */
    BrainConfig brainConfig() {
        return new BrainConfig(
                heartbeatMillis,
                heartbeatMillis * LOST_AFTER_HEARTBEATS,
                activationMillis,
                maxTtlMillis,
                maxWorkersPerUser,
                maxQueuedRequests,
                maxQueuedRequestsPerUser,
                rememberEndedMillis);
    }
}
