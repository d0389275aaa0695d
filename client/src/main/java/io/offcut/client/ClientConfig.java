package io.offcut.client;

import io.offcut.client.config.Component;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a client reaches and talks to the scheduler.
 *
 * @param schedulerUrl for example {@code http://login1:7070}
 * @param token bearer token; empty for none
 * @param tokenFile file whose first line is the bearer token, read when {@code token} is empty;
 *     empty for none
 * @param user name to act under where the scheduler asks for no credential; empty for the user of
 *     the operating system
 * @param job number of the batch job of which this program is a part: it gets the workers that were
 *     asked for at the job's start, and all that it gets ends with the job; empty for none
 * @param connectTimeoutMillis longest wait for a connection
 * @param requestTimeoutMillis longest wait for an answer, beyond any wait that was asked for
 * @param spinMicros how long an idle connection to a worker polls before its thread sleeps; more
 *     gives lower latency and costs a core of the caller
 */
public record ClientConfig(
        String schedulerUrl,
        String token,
        String tokenFile,
        String user,
        String job,
        long connectTimeoutMillis,
        long requestTimeoutMillis,
        long spinMicros) {
    public static final String DEFAULT_SCHEDULER_URL = "http://127.0.0.1:7070";

    private static final Component<ClientConfig> COMPONENT =
            new Component<>("client", ClientConfig.class, "OFFCUT_", false, defaults());

    public ClientConfig {
        job = job.strip();
        if (!job.matches("[0-9]{0,10}")) {
            throw new IllegalArgumentException(
                    "job: not the number of a batch job; correct or unset OFFCUT_JOB");
        }
        if (connectTimeoutMillis < 1 || requestTimeoutMillis < 1 || spinMicros < 0) {
            throw new IllegalArgumentException(
                    "time-outs must be positive: connectTimeoutMillis "
                            + connectTimeoutMillis
                            + ", requestTimeoutMillis "
                            + requestTimeoutMillis
                            + ", spinMicros "
                            + spinMicros);
        }
    }

    /** The scheduler of this machine, no credential. */
    public static ClientConfig defaults() {
        return new ClientConfig(DEFAULT_SCHEDULER_URL, "", "", "", "", 3_000, 10_000, 20);
    }

    /**
     * What is set for the user of this process: the defaults, over them {@code client.yaml} in
     * {@code ~/.config/offcut} or else {@code /etc/offcut}, over it the environment: {@code
     * OFFCUT_SCHEDULER_URL}, {@code OFFCUT_TOKEN}, {@code OFFCUT_TOKEN_FILE}, {@code OFFCUT_USER},
     * {@code OFFCUT_JOB}. What a job with {@code --offcut-workers} is told it finds there.
     *
     * @throws OffcutException {@link ErrorCode#USAGE} with key and place, if a value is none
     */
    public static ClientConfig fromEnvironment() {
        return load(ConfigLoader.system(), null, Map.of());
    }

    /**
     * The same from these folders and this environment, and over them flags.
     *
     * @param file to be read instead of {@code client.yaml}; null for none
     * @param flags values by key; those that are null are left out
     * @throws OffcutException {@link ErrorCode#USAGE} with key and place, {@link
     *     ErrorCode#NOT_FOUND} if the named file is not there
     */
    public static ClientConfig load(
            ConfigLoader loader,
            @Nullable Path file,
            Map<String, ? extends @Nullable Object> flags) {
        Map<String, @Nullable Object> over = new HashMap<>(flags);
        boolean otherFile =
                over.get("tokenFile") != null || loader.variable("OFFCUT_TOKEN_FILE") != null;
        boolean named = over.get("tokenFile") == null && loader.variable("OFFCUT_TOKEN") != null;
        if (otherFile && !named) {
            // A token of less weight does not stand before the file.
            over.put("token", "");
        }
        return loader.load(COMPONENT, file, over);
    }

    /** The same, for another scheduler. */
    public ClientConfig withSchedulerUrl(String url) {
        return new ClientConfig(
                url,
                token,
                tokenFile,
                user,
                job,
                connectTimeoutMillis,
                requestTimeoutMillis,
                spinMicros);
    }

    /** The same, acting under another name. */
    public ClientConfig withUser(String name) {
        return new ClientConfig(
                schedulerUrl,
                token,
                tokenFile,
                name,
                job,
                connectTimeoutMillis,
                requestTimeoutMillis,
                spinMicros);
    }

    /** The same, with a bearer token. */
    public ClientConfig withToken(String text) {
        return new ClientConfig(
                schedulerUrl,
                text,
                tokenFile,
                user,
                job,
                connectTimeoutMillis,
                requestTimeoutMillis,
                spinMicros);
    }

    /**
     * The scheduler's address without a trailing slash.
     *
     * @throws OffcutException {@link ErrorCode#USAGE} if it is not an http address
     */
    URI schedulerUri() {
        String text = schedulerUrl.strip();
        while (text.endsWith("/")) {
            text = text.substring(0, text.length() - 1);
        }
        try {
            URI uri = URI.create(text);
            if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getRawQuery() == null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        throw new OffcutException(
                ErrorCode.USAGE,
                "scheduler URL: '"
                        + schedulerUrl
                        + "' is not an address: expected for example "
                        + DEFAULT_SCHEDULER_URL);
    }

    /**
     * The bearer token, from its file if need be.
     *
     * @throws OffcutException {@link ErrorCode#UNAUTHORIZED} if the file cannot be read
     */
    @Nullable String bearerToken() {
        if (!token.isBlank()) {
            return token.strip();
        }
        if (tokenFile.isBlank()) {
            return null;
        }
        try {
            String first = Files.readString(Path.of(tokenFile)).lines().findFirst().orElse("");
            if (first.isBlank()) {
                throw new OffcutException(
                        ErrorCode.UNAUTHORIZED,
                        "token file: " + tokenFile + " is empty: put the token in its first line");
            }
            return first.strip();
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.UNAUTHORIZED,
                    "token file: " + tokenFile + " cannot be read: check its path and permissions",
                    e);
        }
    }

    String userName() {
        return user.isBlank() ? System.getProperty("user.name", "unknown") : user.strip();
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "ClientConfig["
                + schedulerUrl
                + (token.isBlank() ? "" : ", token ***")
                + (tokenFile.isBlank() ? "" : ", token file " + tokenFile)
                + ", user "
                + userName()
                + (job.isEmpty() ? "" : ", job " + job)
                + "]";
    }
}
