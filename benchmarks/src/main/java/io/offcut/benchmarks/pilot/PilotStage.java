package io.offcut.benchmarks.pilot;

import io.offcut.benchmarks.invoke.BenchBundles;
import io.offcut.benchmarks.invoke.BenchSite;
import io.offcut.cli.demo.LocalDaemon;
import io.offcut.cli.pilot.PilotQueue;
import io.offcut.cli.pilot.PilotSpec;
import io.offcut.cli.pilot.PilotStart;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.NodeDaemon;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A private Slurm cluster with a preemptible partition, and a scheduler beside it, all of this
 * user. A prolog writes down when each job starts.
 */
final class PilotStage implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 2;
    private static final String PARTITION = "idle";
    private static final int CPUS = 2;

    /** Writes nanoseconds since the epoch. */
    private static final String STAMP = "date +%s%N";

    private final Path dir;
    private final SlurmCluster cluster;
    private final LocalDaemon scheduler;
    private final OffcutClient client;
    private final PilotQueue pilots;

    PilotStage(Path dir) throws IOException, InterruptedException {
        this.dir = dir;
        Path prolog = dir.resolve("prolog");
        Files.writeString(prolog, "#!/bin/sh\n" + STAMP + " > " + dir + "/start-$SLURM_JOB_ID\n");
        Files.setPosixFilePermissions(prolog, PosixFilePermissions.fromString("rwxr-xr-x"));
        cluster =
                SlurmCluster.start(
                        SlurmClusterConfig.fakeNodes(1, CPUS, 4_000)
                                .withScripts(prolog, null)
                                .withLines(
                                        "PreemptType=preempt/partition_prio",
                                        "PreemptMode=CANCEL",
                                        "PartitionName="
                                                + PARTITION
                                                + " Nodes=ALL PriorityTier=0 PreemptMode=CANCEL"
                                                + " GraceTime=10 MaxTime=60 State=UP"));
        scheduler = BenchSite.startScheduler(dir, PATIENCE);
        client = BenchSite.connect(scheduler);
        Path bundle = BenchBundles.ofNative(dir);
        BenchSite.push(client, bundle, "native.zip");
        pilots = spec().queue(cluster.commands());
    }

    private PilotSpec spec() throws IOException {
        Path archives = dir.resolve("archives");
        if (!NodeDaemon.makeArchive(archives)) {
            throw new OffcutException(ErrorCode.INTERNAL, "bench: no archive of classes was made");
        }
        return new PilotSpec(
                PARTITION,
                0,
                0,
                Duration.ofSeconds(30),
                Files.createDirectories(dir.resolve("logs")),
                List.of(),
                PilotStart.daemon(archives, List.of("--scheduler", scheduler.uri().toString())));
    }

    /** From the job's prolog to the first line of its script, through sbatch. */
    long bareBatchNanos() throws IOException, InterruptedException {
        return bareNanos(STAMP + " > ");
    }

    /** The same to the first line of a step in it. */
    long bareStepNanos() throws IOException, InterruptedException {
        return bareNanos("srun --overlap -n1 " + STAMP + " > ");
    }

    private long bareNanos(String command) throws IOException, InterruptedException {
        Path out = dir.resolve("bare");
        Files.deleteIfExists(out);
        String job =
                cluster.submit(
                        "--partition=" + PARTITION,
                        "--exclusive",
                        "--mem=0",
                        "--output=/dev/null",
                        "--wrap=" + command + out);
        await("a bare job", () -> size(out) > 1);
        long nanos = nanosOf(out) - nanosOf(dir.resolve("start-" + job));
        awaitEmpty();
        return nanos;
    }

    /** From the prolog of a pilot's job to the first result that it gives to somebody who waits. */
    long firstServedNanos() throws IOException, InterruptedException {
        try (WorkerPool pool = client.lease(LeaseOptions.of("bench/empty"))) {
            String job = pilots.submit(Duration.ofMinutes(10), Duration.ZERO);
            if (!pool.awaitWorkers(1, PATIENCE)) {
                throw new OffcutException(
                        ErrorCode.NO_CAPACITY,
                        "bench: pilot " + job + " served nobody; see " + dir);
            }
            byte[] ignored = pool.invoke("empty", new byte[64]).orThrow();
            long end = epochNanos();
            long nanos = end - nanosOf(dir.resolve("start-" + job));
            // As at a preemption; a cancelled job stays seconds longer.
            cluster.run("scancel", "--signal=TERM", job);
            awaitEmpty();
            return nanos;
        }
    }

    private void awaitEmpty() throws InterruptedException {
        await(
                "an empty cluster",
                () -> cluster.commands().nodes().stream().allMatch(n -> n.allocatedCpus() == 0));
    }

    private static long epochNanos() {
        java.time.Instant now = java.time.Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private static long nanosOf(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    private static void await(String what, BooleanSupplier there) throws InterruptedException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (!there.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new OffcutException(
                        ErrorCode.UNREACHABLE, "bench: waited in vain for " + what);
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    @Override
    public void close() {
        client.close();
        cluster.close();
        scheduler.close();
    }
}
