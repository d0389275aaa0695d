package io.offcut.cli;

import io.offcut.client.ClientConfig;
import io.offcut.client.OffcutClient;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a command reaches the scheduler. */
final class ClientOptions {
    @Option(
            names = "--scheduler",
            paramLabel = "URL",
            description = "Address of the scheduler, over OFFCUT_SCHEDULER_URL.")
    @Nullable String schedulerUrl;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with the bearer token, over OFFCUT_TOKEN_FILE.")
    @Nullable String tokenFile;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Instead of ~/.config/offcut/client.yaml.")
    @Nullable Path config;

    /** The client that configuration, environment and flags describe. Sends nothing yet. */
    OffcutClient connect(Io io) {
        return OffcutClient.connect(load(io));
    }

    ClientConfig load(Io io) {
        Map<String, @Nullable Object> flags = new HashMap<>();
        flags.put("schedulerUrl", schedulerUrl);
        flags.put("tokenFile", tokenFile);
        return ClientConfig.load(io.config(), config, flags);
    }
}
