package io.offcut.benchmarks.colocation;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.offcut.benchmarks.invoke.BenchBundles;
import io.offcut.benchmarks.invoke.BenchSite;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.linux.Cgroup;
import io.offcut.linux.Cgroups;
import io.offcut.linux.KernelFile;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.node.NodeStatus;
import io.offcut.slurm.SlurmCluster;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A scheduler and a node that offers one CPU, as processes of their own, and one worker there that
 * is kept busy on request.
 */
final class FunctionSite implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final int CALL_MILLIS = 400;
    private static final long PAUSE_MILLIS = 500;
    private static final long CLOSE_SECONDS = 5;
    private static final Pattern GROUP = Pattern.compile("/(offcut_[^/\\s]+)/([^/\\s]+)");

    private final LocalDaemon scheduler;
    private final LocalDaemon node;
    private final OffcutClient client;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private FunctionSite(Path dir, Map<String, ?> keys) throws IOException, InterruptedException {
        scheduler = BenchSite.startScheduler(dir, PATIENCE);
        Map<String, Object> config = new HashMap<>(keys);
        config.put("schedulerUrl", scheduler.uri().toString());
        config.put("port", 0);
        config.put("stateDir", dir.resolve("node").toString());
        config.put("offerAfterSamples", 1);
        // The job's own load is no reason not to offer: that is what is measured.
        config.put("busyThreshold", 1);
        config.put("prewarmedExecutors", 0);
        config.put("keepWarmSeconds", 0);
        try {
            node = LocalDaemon.start("node", "node", config, dir, PATIENCE);
        } catch (OffcutException e) {
            scheduler.close();
            throw e;
        }
        client = BenchSite.connect(scheduler);
        Path bundle = Files.createDirectories(dir.resolve("bundle"));
        BenchBundles.copy(FunctionSite.class, "offcut.yaml", bundle.resolve("offcut.yaml"));
        BenchBundles.compile(
                BenchBundles.copy(FunctionSite.class, "beside.c", dir.resolve("beside.c")),
                bundle.resolve("libbeside.so"));
        BenchSite.push(client, bundle, "bundle.zip");
    }

    /** A node without jobs that offers this CPU. */
    static FunctionSite of(Path dir, int cpu) throws IOException, InterruptedException {
        return new FunctionSite(dir, Map.of("name", "beside" + cpu, "cpus", Integer.toString(cpu)));
    }

    /** A node of this Slurm, with the guard. */
    static FunctionSite ofSlurm(Path dir, String node, SlurmCluster cluster, double maxSlowdown)
            throws IOException, InterruptedException {
        return new FunctionSite(
                dir,
                Map.of(
                        "name",
                        node,
                        "slurm",
                        "on",
                        "slurmConf",
                        cluster.slurmConf().toString(),
                        "jobSocket",
                        dir.resolve("jobs.sock").toString(),
                        "reserveMemoryBytes",
                        0,
                        "maxSlowdown",
                        maxSlowdown));
    }

    /** What the node's daemon says of itself. */
    NodeStatus status() throws IOException, InterruptedException {
        HttpRequest ask = HttpRequest.newBuilder(node.uri().resolve("/v1/node")).build();
        return json.readValue(
                http.send(ask, HttpResponse.BodyHandlers.ofString()).body(), NodeStatus.class);
    }

    /**
     * Keeps to these CPUs what would be elsewhere at a real site: this process, which calls the
     * functions, and the scheduler.
     */
    void keepCallersTo(CpuSet cpus) throws IOException, InterruptedException {
        for (long pid : new long[] {ProcessHandle.current().pid(), scheduler.process().pid()}) {
            Process pin =
                    new ProcessBuilder("taskset", "-acp", cpus.toString(), Long.toString(pid))
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (pin.waitFor() != 0) {
                throw new OffcutException(
                        ErrorCode.INTERNAL, "bench colocation: cannot pin process " + pid);
            }
        }
    }

    /** The control group of the only executor. */
    private Cgroup executorGroup() {
        Cgroups cgroups = Cgroups.detect();
        for (ProcessRef each : ProcessTree.descendants(node.process().pid())) {
            Path file = Path.of("/proc", Long.toString(each.pid()), "cgroup");
            Matcher in = GROUP.matcher(KernelFile.readOrEmpty(file));
            if (in.find()) {
                return cgroups.children(in.group(1)).stream()
                        .filter(group -> group.name().equals(in.group(2)))
                        .findFirst()
                        .orElseThrow();
            }
        }
        throw new OffcutException(
                ErrorCode.EXHAUSTED,
                "bench colocation: executors have no control groups here: run it as root");
    }

    /** A worker that does one thing until it is closed. */
    final class Busy implements AutoCloseable {
        private final WorkerPool pool;
        private final String function;
        private final byte[] argument;
        private final AtomicBoolean closing = new AtomicBoolean();
        private final AtomicInteger calls = new AtomicInteger();
        private final CompletableFuture<Result> first;
        private volatile CompletableFuture<Result> running;

        private Busy(WorkerPool pool, String function, String argument) {
            this.pool = pool;
            this.function = function;
            this.argument = argument.getBytes(StandardCharsets.UTF_8);
            this.first = call();
            this.running = first;
            follow(first);
        }

        private CompletableFuture<Result> call() {
            ByteBuffer input = ByteBuffer.allocate(Integer.BYTES + argument.length);
            input.order(ByteOrder.LITTLE_ENDIAN).putInt(CALL_MILLIS).put(argument);
            return pool.invokeAsync(function, input.array());
        }

        private void follow(CompletableFuture<Result> call) {
            var _ =
                    call.thenAccept(result -> {
                        boolean good = result.status() == InvocationStatus.OK;
                        calls.addAndGet(good ? 1 : 0);
                        if (good) {
                            again();
                        } else {
                            // Its cores were taken away: there will be others.
                            CompletableFuture.delayedExecutor(PAUSE_MILLIS, TimeUnit.MILLISECONDS)
                                    .execute(this::again);
                        }
                    });
        }

        private void again() {
            if (!closing.get()) {
                CompletableFuture<Result> next = call();
                running = next;
                follow(next);
            }
        }

        private void awaitFirst() {
            Result result = first.join();
            if (result.status() != InvocationStatus.OK) {
                throw new OffcutException(
                        ErrorCode.INTERNAL,
                        "bench colocation: the function ended with " + result.status());
            }
        }

        /** Calls that have ended well. */
        int calls() {
            return calls.get();
        }

        /** What can be frozen; once it has run. */
        Cgroup group() {
            return executorGroup();
        }

        @Override
        public void close() {
            closing.set(true);
            try {
                running.get(CLOSE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                // It waits for a worker; the pool ends it.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            pool.close();
        }
    }

    /** Returns when the function has run once. */
    Busy start(String function) {
        Busy busy = begin(function, "");
        try {
            busy.awaitFirst();
            return busy;
        } catch (RuntimeException e) {
            busy.close();
            throw e;
        }
    }

    /** Returns at once. */
    Busy begin(String function, String argument) {
        LeaseOptions options = LeaseOptions.of("beside/" + function).queue(LONGEST);
        return new Busy(client.lease(options), function, argument);
    }

    @Override
    public void close() {
        client.close();
        node.close();
        scheduler.close();
    }
}
