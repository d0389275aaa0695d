package io.offcut.benchmarks.invoke;

import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.ProcessCpu;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A scheduler and one node that offers one CPU, as processes of their own, and the bundles that the
 * benchmark calls: executors are started, confined and leased as on any node. For one thread.
 */
final class Stage implements AutoCloseable {
    static final String EMPTY = "bench/empty";
    static final String JAVA_EMPTY = "bench-java/empty";

    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 10;
    private static final long SETTLE_MILLIS = 100;
    static final Duration OFFER_TIMEOUT = Duration.ofSeconds(30);

    private final Path dir;
    private final LocalDaemon scheduler;
    private final LocalDaemon node;
    private final OffcutClient client;
    private final Path nativeBundle;

    /**
     * @param prewarmed executors that wait for a lease
     * @param keepWarmSeconds how long one waits for the next lease of the same bundle
     */
    Stage(Path dir, int workerCpu, int prewarmed, int keepWarmSeconds)
            throws IOException, InterruptedException {
        this.dir = dir;
        scheduler = BenchSite.startScheduler(dir, START_TIMEOUT);
        node = startNode(workerCpu, prewarmed, keepWarmSeconds);
        client = BenchSite.connect(scheduler);
        nativeBundle = BenchBundles.ofNative(dir);
        BenchSite.push(client, nativeBundle, "native.zip");
        BenchSite.push(client, BenchBundles.ofJava(dir), "java.zip");
    }

    private LocalDaemon startNode(int workerCpu, int prewarmed, int keepWarmSeconds) {
        Map<String, Object> config = new HashMap<>();
        config.put("name", "bench");
        config.put("schedulerUrl", scheduler.uri().toString());
        config.put("port", 0);
        config.put("cpus", Integer.toString(workerCpu));
        config.put("stateDir", dir.resolve("node").toString());
        config.put("samplePeriodMillis", 200);
        config.put("offerAfterSamples", 1);
        // The bare peer uses the same CPU in its turn.
        config.put("busyThreshold", 1);
        config.put("slots", RawMemory.SLOTS);
        config.put("prewarmedExecutors", prewarmed);
        config.put("keepWarmSeconds", keepWarmSeconds);
        try {
            return LocalDaemon.start("node", "node", config, dir, START_TIMEOUT);
        } catch (OffcutException e) {
            scheduler.close();
            throw e;
        }
    }

    OffcutClient client() {
        return client;
    }

    /** The native functions, to be called here. */
    Path nativeLibrary() {
        return nativeBundle.resolve("libbench.so");
    }

    String schedulerUrl() {
        return scheduler.uri().toString();
    }

    /** The executors that run now. */
    List<ProcessRef> executors() {
        return ProcessTree.descendants(node.process().pid());
    }

    /** Waits until an executor that has no lease yet has started and sleeps. */
    void awaitParked(long timeoutNanos) throws InterruptedException {
        long until = System.nanoTime() + timeoutNanos;
        long before = -1;
        while (System.nanoTime() < until) {
            List<ProcessRef> executors = executors();
            long used =
                    executors.stream().mapToLong(each -> ProcessCpu.treeMicros(each.pid())).sum();
            if (!executors.isEmpty() && used > 0 && used == before) {
                return;
            }
            before = used;
            Thread.sleep(SETTLE_MILLIS);
        }
        throw new OffcutException(
                ErrorCode.NO_CAPACITY, "bench: the node starts no executor ahead of time");
    }

    /** Waits until no executor runs, nor what makes the archive of their classes. */
    void awaitNoExecutors(long timeoutNanos) throws InterruptedException {
        long until = System.nanoTime() + timeoutNanos;
        while (System.nanoTime() < until) {
            if (executors().isEmpty()) {
                return;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        throw new OffcutException(ErrorCode.INTERNAL, "bench: the node's executors do not end");
    }

    /** Waits until nothing is leased and the CPU is offered. */
    void awaitIdle(long timeoutNanos) throws InterruptedException {
        long until = System.nanoTime() + timeoutNanos;
        while (System.nanoTime() < until) {
            boolean idle =
                    client.nodes().stream()
                            .anyMatch(view ->
                                    view.leasedCores() == 0
                                            && view.offers().stream()
                                                    .anyMatch(offer -> !offer.cores().isEmpty()));
            if (idle) {
                return;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        throw new OffcutException(
                ErrorCode.NO_CAPACITY, "bench: the node offers nothing: end what else runs here");
    }

    /** One worker that is called directly. */
    OurEnd open(LeaseOptions options) throws InterruptedException {
        return new OurEnd(client.lease(options), OFFER_TIMEOUT);
    }

    @Override
    public void close() {
        client.close();
        node.close();
        scheduler.close();
    }
}
