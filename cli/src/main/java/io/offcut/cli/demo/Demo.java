package io.offcut.cli.demo;

import io.offcut.bundle.BundleArchive;
import io.offcut.bundle.BundleLimits;
import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.UsageView;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole path on one machine: a scheduler and two nodes as processes of their own, a batch load
 * that takes and frees real cores by the clock, and two functions that run on what it leaves. For
 * one thread.
 */
final class Demo implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration WORKER_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration FRAME = Duration.ofMillis(200);
    private static final int MAX_CORES_PER_NODE = 4;
    private static final int BOOK_CHUNKS = 1_000;
    private static final int OPTIONS_PER_CHUNK = 1_000;
    private static final long BOOK_SEED = 1973;
    private static final String USER = "demo";

    private final Path dir;
    private final Path filesRoot;
    private final CpuSet coresOfA;
    private final CpuSet coresOfB;
    private @Nullable URI schedulerUri;
    private final List<AutoCloseable> running = new ArrayList<>();

    /**
     * @param dir an empty folder that every user may pass through
     * @param cpus what may be used, at least two
     * @param filesRoot where the files to compress are found
     */
    Demo(Path dir, CpuSet cpus, Path filesRoot) {
        if (cpus.size() < 2) {
            throw new OffcutException(
                    ErrorCode.EXHAUSTED,
                    "demo: it needs two CPUs, one for each node, and this process may use only: "
                            + cpus);
        }
        this.dir = dir;
        this.filesRoot = filesRoot;
        this.coresOfA = cpus.lowest(Math.min(MAX_CORES_PER_NODE, cpus.size() / 2));
        this.coresOfB = cpus.minus(coresOfA).lowest(coresOfA.size());
    }

    /** Starts scheduler and nodes, and returns a client of them. */
    OffcutClient start() {
        Map<String, Object> config = new HashMap<>();
        config.put("port", 0);
        config.put("stateDir", dir.resolve("scheduler").toString());
        LocalDaemon scheduler =
                opened(LocalDaemon.start("scheduler", "scheduler", config, dir, START_TIMEOUT));
        schedulerUri = scheduler.uri();
        startNode("a", coresOfA, scheduler);
        startNode("b", coresOfB, scheduler);
        return opened(
                OffcutClient.connect(
                        ClientConfig.defaults()
                                .withSchedulerUrl(scheduler.uri().toString())
                                .withUser(USER)));
    }

    private void startNode(String name, CpuSet cores, LocalDaemon scheduler) {
        Map<String, Object> config = new HashMap<>();
        config.put("name", name);
        config.put("schedulerUrl", scheduler.uri().toString());
        config.put("port", 0);
        config.put("cpus", cores.toString());
        config.put("stateDir", dir.resolve(name).toString());
        config.put("samplePeriodMillis", 200);
        config.put("offerAfterSamples", 3);
        // The demonstration's own client and daemons use these cores too; the batch load takes them
        // whole.
        config.put("busyThreshold", 0.85);
        config.put("startTimeoutMillis", (int) WORKER_TIMEOUT.toMillis());
        running.add(LocalDaemon.start("node", name, config, dir, START_TIMEOUT));
    }

    /** Where the scheduler listens; null before the start. */
    @Nullable URI schedulerUri() {
        return schedulerUri;
    }

    /**
     * Runs functions while the load comes and goes.
     *
     * @param view is told what happens
     */
    DemoReport run(OffcutClient client, DemoView view) throws IOException, InterruptedException {
        Path bundle = Workload.bundle(dir.resolve("bundle"));
        client.push(
                BundleArchive.pack(bundle, dir.resolve("bundle.zip"), BundleLimits.DEFAULT).file());
        OptionBook book = new OptionBook(BOOK_CHUNKS, OPTIONS_PER_CHUNK, BOOK_SEED);
        List<byte[]> files = Workload.files(filesRoot);
        int cores = coresOfA.size() + coresOfB.size();
        LeaseOptions wish = LeaseOptions.of("demo/price").workers(cores).hotTimeoutMicros(50);
        long startNanos;
        MapThread prices;
        MapThread compressed;
        long retries;
        try (WorkerPool pool = client.lease(wish);
                BatchLoad load = new BatchLoad()) {
            if (!pool.awaitWorkers(1, WORKER_TIMEOUT)) {
                throw new OffcutException(
                        ErrorCode.NO_CAPACITY,
                        "demo: no core was idle for "
                                + WORKER_TIMEOUT.toSeconds()
                                + " s: stop what else runs here");
            }
            startNanos = System.nanoTime();
            prices = MapThread.start(pool, "price", book.chunkCount(), book::input, book::matches);
            compressed =
                    MapThread.start(
                            pool,
                            "gzip",
                            files.size(),
                            files::get,
                            (i, result) ->
                                    Workload.decompressesTo(
                                            result.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE),
                                            files.get(i)));
            followTimeline(client, pool, load, prices, compressed, startNanos, view);
            prices.finish();
            compressed.finish();
            retries = pool.status().retries();
        }
        long elapsedMillis = (System.nanoTime() - startNanos) / 1_000_000;
        return new DemoReport(
                List.of(prices.outcome(), compressed.outcome()),
                cores,
                elapsedMillis,
                retries,
                usage(client));
    }

    private void followTimeline(
            OffcutClient client,
            WorkerPool pool,
            BatchLoad load,
            MapThread prices,
            MapThread compressed,
            long startNanos,
            DemoView view)
            throws InterruptedException {
        Timeline timeline = Timeline.of(coresOfA, coresOfB);
        long millis = 0;
        while (millis < timeline.endMillis()) {
            Timeline.Step step = timeline.at(millis);
            load.hold(step.cores());
            view.show(
                    millis,
                    step.what(),
                    Map.of("a", coresOfA, "b", coresOfB),
                    load.cores(),
                    client.requests(),
                    client.nodes(),
                    pool.status(),
                    prices.done(),
                    compressed.done());
            Thread.sleep(FRAME);
            millis = (System.nanoTime() - startNanos) / 1_000_000;
        }
    }

    /** What the scheduler has accounted for, once every lease of the demonstration is over. */
    private static UsageView usage(OffcutClient client) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!over(client) && System.nanoTime() < deadlineNanos) {
            Thread.sleep(Duration.ofMillis(50));
        }
        return client.usage().stream()
                .filter(usage -> usage.user().equals(USER))
                .findFirst()
                .orElse(UsageView.nothing(USER));
    }

    /** A lease is accounted for when its node has said that it ended: then no core is leased. */
    private static boolean over(OffcutClient client) {
        return client.requests().isEmpty()
                && client.nodes().stream().allMatch(node -> node.leasedCores() == 0);
    }

    private <T extends AutoCloseable> T opened(T part) {
        running.add(part);
        return part;
    }

    @Override
    public void close() {
        closeAll(running);
    }

    /** Closes the parts, the newest first. */
    static void closeAll(List<AutoCloseable> parts) {
        for (AutoCloseable part : parts.reversed()) {
            try {
                part.close();
            } catch (Exception e) {
                throw new IllegalStateException("a part of the demonstration does not close", e);
            }
        }
        parts.clear();
    }
}
