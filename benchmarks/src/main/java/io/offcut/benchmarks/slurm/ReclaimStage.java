package io.offcut.benchmarks.slurm;

import io.offcut.benchmarks.invoke.BenchBundles;
import io.offcut.benchmarks.invoke.BenchSite;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.CommandResult;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmRun;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One node of a real Slurm with all CPUs of this machine, whose every core runs a function whenever
 * no job has it. For one thread.
 */
final class ReclaimStage implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int INPUT_BYTES = 64;

    /** Long enough for what is killed to have to end beside it. */
    private static final String JOB = "timeout 0.5 sh -c 'while :; do :; done' || true";

    private static final Pattern WAITED =
            Pattern.compile("job \\d+, (prolog|allocation): cores \\S+ are free after (\\d+) us");
    private static final Pattern GONE =
            Pattern.compile("lease (\\S+) is gone after (\\d+) us, RECLAIMED");

    /** What the daemon says that it took, and what became of the calls. */
    record Times(Histogram prolog, Histogram told, Histogram evicted, long calls, long again) {}

    private final SlurmCluster cluster;
    private final LocalDaemon scheduler;
    private final LocalDaemon node;
    private final OffcutClient client;
    private final WorkerPool pool;
    private final int cores = Runtime.getRuntime().availableProcessors();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong again = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
    private final Thread[] callers;

    ReclaimStage(Path dir) throws IOException, InterruptedException {
        cluster =
                SlurmCluster.start(
                        SlurmClusterConfig.realNodes(1, 4_000)
                                .withOffcutPlugin(Duration.ofMillis(100)));
        if (!cluster.usesCgroups()) {
            cluster.close();
            throw new OffcutException(
                    ErrorCode.FORBIDDEN, "bench reclaim: needs root and cgroups: run it as root");
        }
        scheduler = BenchSite.startScheduler(dir, START_TIMEOUT);
        String name = cluster.nodeNames().getFirst();
        node =
                LocalDaemon.start(
                        "node",
                        "node",
                        Map.of(
                                "name",
                                name,
                                "schedulerUrl",
                                scheduler.uri().toString(),
                                "port",
                                0,
                                "stateDir",
                                dir.resolve("node").toString(),
                                "slurm",
                                "on",
                                "slurmConf",
                                cluster.slurmConf().toString(),
                                "jobSocket",
                                cluster.jobEventSocket(name).toString(),
                                // What starts jobs and calls runs here too.
                                "busyThreshold",
                                1.0),
                        dir,
                        START_TIMEOUT);
        client = BenchSite.connect(scheduler);
        Path bundle = BenchBundles.ofNative(dir);
        BenchSite.push(client, bundle, "native.zip");
        // Workers that poll all the time: there is always something to freeze.
        pool = client.lease(LeaseOptions.of("bench/echo").workers(cores).hotTimeoutMicros(-1));
        callers = new Thread[cores];
        for (int i = 0; i < cores; i++) {
            callers[i] = Thread.ofPlatform().name("caller-" + i).start(this::callAll);
        }
    }

    private void callAll() {
        byte[] input = new byte[INPUT_BYTES];
        while (!over.get() && wrong.get() == null) {
            input[0]++;
            try {
                Result result = pool.invoke("echo", input);
                if (!Arrays.equals(result.orThrow(), input)) {
                    throw new IllegalStateException("a wrong answer");
                }
                calls.incrementAndGet();
                again.addAndGet(result.attempts() - 1L);
                // The machine is the jobs' and the workers'; one call at a time is load enough.
                Thread.sleep(1);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                wrong.compareAndSet(null, e);
            }
        }
    }

    /** Waits until every core of the node has its function again. */
    void awaitFunctions() throws InterruptedException {
        if (!pool.awaitWorkers(cores, PATIENCE)) {
            throw new OffcutException(
                    ErrorCode.NO_CAPACITY, "bench reclaim: functions do not come back: see logs");
        }
        requireRight();
    }

    private void requireRight() {
        Throwable why = wrong.get();
        if (why != null) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "bench reclaim: a call failed: " + why.getMessage(), why);
        }
    }

    /** Starts a job that computes on so many cores and waits for its end. */
    void runJob(int tasks) {
        CommandResult job =
                cluster.run(
                        SlurmRun.of("srun", "-Q", "-n" + tasks, "--mem=100", "sh", "-c", JOB)
                                .within(PATIENCE));
        if (!job.succeeded()) {
            throw new OffcutException(
                    ErrorCode.INTERNAL, "bench reclaim: srun failed: " + job.error().strip());
        }
    }

    /** What the daemon has written down so far. */
    Times times() throws IOException {
        requireRight();
        Histogram prolog = ReclaimCommand.histogram();
        Histogram told = ReclaimCommand.histogram();
        Histogram evicted = ReclaimCommand.histogram();
        String log = node.log();
        for (Matcher waited = WAITED.matcher(log); waited.find(); ) {
            Histogram into = waited.group(1).equals("prolog") ? prolog : told;
            into.recordValue(1_000 * Long.parseLong(waited.group(2)));
        }
        for (Matcher gone = GONE.matcher(log); gone.find(); ) {
            evicted.recordValue(1_000 * Long.parseLong(gone.group(2)));
        }
        return new Times(prolog, told, evicted, calls.get(), again.get());
    }

    @Override
    public void close() {
        over.set(true);
        try {
            for (Thread caller : callers) {
                caller.interrupt();
                caller.join(PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        pool.close();
        client.close();
        node.close();
        scheduler.close();
        cluster.close();
    }
}
