package io.offcut.benchmarks.invoke;

import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.ClientConfig;
import io.offcut.client.OffcutClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A scheduler of a benchmark's own, and its client. */
public final class BenchSite {
    private BenchSite() {}

    /** Starts a scheduler as a process of its own, with all that it writes in this folder. */
    public static LocalDaemon startScheduler(Path dir, Duration timeout) {
        return LocalDaemon.start(
                "scheduler",
                "scheduler",
                Map.of("port", 0, "stateDir", dir.resolve("scheduler").toString()),
                dir,
                timeout);
    }

    /** Connects to it as the user {@code bench}. */
    public static OffcutClient connect(LocalDaemon scheduler) {
        return OffcutClient.connect(
                ClientConfig.defaults()
                        .withSchedulerUrl(scheduler.uri().toString())
                        .withUser("bench"));
    }

    /** Packs a bundle into a file of this name beside it and pushes it. */
    public static void push(OffcutClient client, Path bundle, String name) throws IOException {
        push(client, bundle, bundle.resolveSibling(name));
    }

    /** Packs a bundle into this file and pushes it. */
    static void push(OffcutClient client, Path bundle, Path archive) throws IOException {
        client.push(BundleArchive.pack(bundle, archive, BundleLimits.DEFAULT).file());
    }
}
