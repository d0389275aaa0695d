package io.offcut.benchmarks.colocation;

import io.offcut.benchmarks.colocation.FunctionSite.Busy;
import io.offcut.benchmarks.invoke.BenchBundles;
import io.offcut.cli.Io;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.node.NodeStatus;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The guard at work: a job of a private Slurm on one core counts its progress, functions on the
 * neighbouring one write to the same line of memory, which slows it on any machine and without a
 * wait that the kernel could see, and the node daemon decides.
 */
final class GuardCase {
    private static final int ALONE_SECONDS = 8;
    private static final int LOOK_MILLIS = 1_000;
    private static final long JOB_MIB = 1_000;
    private static final int PAGE_BYTES = 4096;

    /** What functions did while a rate was seen. */
    enum Phase {
        ALONE("before functions"),
        BESIDE("beside functions"),
        STILL("functions stand still"),
        WITHDRAWN("functions withdrawn");

        final String label;

        Phase(String label) {
            this.label = label;
        }
    }

    private final Path dir;
    private final double maxSlowdown;
    private final int seconds;
    private final Io io;
    private final Map<Phase, List<Double>> rates = new EnumMap<>(Phase.class);
    private final List<String> said = new ArrayList<>();
    private long countBefore;
    private long nanosBefore;

    GuardCase(Path dir, double maxSlowdown, int seconds, Io io) {
        this.dir = dir;
        this.maxSlowdown = maxSlowdown;
        this.seconds = seconds;
        this.io = io;
    }

    void run() throws IOException, InterruptedException {
        List<String> missing = SlurmCluster.missingPrograms();
        if (!missing.isEmpty()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench colocation --guard: it needs a private Slurm, and there is no "
                            + String.join(", ", missing)
                            + ": install "
                            + String.join(" ", SlurmCluster.aptPackages()));
        }
        Path program = dir.resolve("job");
        BenchBundles.compileProgram(
                BenchBundles.copy(GuardCase.class, "job.c", dir.resolve("job.c")), program);
        Path shared = Files.write(dir.resolve("shared"), new byte[PAGE_BYTES]);
        Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rw-rw-rw-"));
        Path folder = Files.createDirectory(dir.resolve("site"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (SlurmCluster cluster =
                SlurmCluster.start(SlurmClusterConfig.realNodes(1, (int) (2 * JOB_MIB)))) {
            String node = cluster.nodeNames().getFirst();
            String job =
                    cluster.submit(
                            "-n1",
                            "-c1",
                            "--mem=" + JOB_MIB,
                            "--wrap",
                            "exec " + program + " " + shared);
            try (FunctionSite site = FunctionSite.ofSlurm(folder, node, cluster, maxSlowdown)) {
                watch(site, shared, Path.of("/dev/shm/offcut-" + node + "-progress", job));
            } finally {
                cluster.run("scancel", job);
            }
        }
        report();
    }

    private void watch(FunctionSite site, Path shared, Path counter)
            throws IOException, InterruptedException {
        for (int i = 0; i < seconds && count(counter) == 0; i++) {
            Thread.sleep(LOOK_MILLIS);
        }
        mark(counter);
        for (int i = 0; i < ALONE_SECONDS; i++) {
            Thread.sleep(LOOK_MILLIS);
            add(Phase.ALONE, counter);
        }
        try (Busy functions = site.begin("contend", shared.toString())) {
            for (int i = 0; i < seconds; i++) {
                Phase before = phase(site.status());
                Thread.sleep(LOOK_MILLIS);
                if (before == phase(site.status())) {
                    add(before, counter);
                } else {
                    mark(counter);
                }
            }
            io.say(functions.calls() + " calls of functions ended well");
        }
    }

    private Phase phase(NodeStatus status) {
        for (String reason : status.guard()) {
            if (said.isEmpty() || !said.getLast().equals(reason)) {
                said.add(reason);
            }
        }
        if (!status.guard().isEmpty()) {
            return status.offers().isEmpty() ? Phase.WITHDRAWN : Phase.STILL;
        }
        return status.leases().stream().anyMatch(lease -> lease.phase().equals("RUNNING"))
                ? Phase.BESIDE
                : Phase.ALONE;
    }

    private void mark(Path counter) throws IOException {
        countBefore = count(counter);
        nanosBefore = System.nanoTime();
    }

    private void add(Phase phase, Path counter) throws IOException {
        long before = countBefore;
        long begun = nanosBefore;
        mark(counter);
        rates.computeIfAbsent(phase, each -> new ArrayList<>())
                .add((countBefore - before) * 1e9 / (nanosBefore - begun));
    }

    private static long count(Path counter) throws IOException {
        if (!Files.exists(counter)) {
            return 0;
        }
        return ByteBuffer.wrap(Files.readAllBytes(counter))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong(0);
    }

    private void report() {
        double alone = median(Phase.ALONE);
        for (Phase phase : rates.keySet()) {
            io.print(
                    String.format(
                            Locale.ROOT,
                            "%-22s %4d s  job %6.0f pieces/s  %+.1f %%",
                            phase.label,
                            rates.getOrDefault(phase, List.of()).size(),
                            median(phase),
                            100 * (1 - median(phase) / alone)));
        }
        said.forEach(io::print);
    }

    private double median(Phase phase) {
        return Slowdown.median(
                rates.getOrDefault(phase, List.of(Double.NaN)).stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray());
    }
}
