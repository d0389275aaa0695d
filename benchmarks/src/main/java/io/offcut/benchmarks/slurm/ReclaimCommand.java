package io.offcut.benchmarks.slurm;

import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.cli.Io;
import io.offcut.cli.output.Table;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SpankPlugin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench reclaim}. */
@Command(
        name = "reclaim",
        description = {
            "Measures how soon jobs that come get their cores and memory back from functions.",
            "On a private Slurm cluster, whose functions use all of the node. Needs root and cgroups."
                    + " Exits 1 when a bound is not kept."
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut bench reclaim --jobs 200")
public final class ReclaimCommand implements Callable<Integer> {
    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final double FROZEN_BOUND_MILLIS = 5;
    private static final double MEMORY_BOUND_MILLIS = 500;

    private final Io io;

    @Option(names = "--jobs", description = "How many, at least 20. Default: 200.")
    int jobs = 200;

    public ReclaimCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (jobs < 20) {
            throw new OffcutException(ErrorCode.USAGE, "bench reclaim: --jobs is at least 20");
        }
        if (!SlurmCluster.missingPrograms().isEmpty() || !SpankPlugin.available()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench reclaim: needs Slurm and its plugin: apt-get install gcc make "
                            + String.join(" ", SlurmCluster.aptPackages()));
        }
        Path dir = Files.createTempDirectory("offcut-bench-reclaim");
        // Executors run as another user and pass through here.
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        Histogram bare = histogram();
        ReclaimStage.Times times;
        try (ReclaimStage stage = new ReclaimStage(dir)) {
            for (int job = 1; job <= jobs; job++) {
                stage.awaitFunctions();
                // All of the node, one core of it, and so on.
                stage.runJob(job % 2 == 0 ? 1 : 2);
                io.say(String.format(Locale.ROOT, "bench: job %d of %d", job, jobs));
            }
            times = stage.times();
            if (times.prolog().getTotalCount() < jobs || times.told().getTotalCount() < jobs) {
                throw new OffcutException(
                        ErrorCode.INTERNAL, "bench reclaim: the daemon did not hear of every job");
            }
        }
        BareFreeze.measure(jobs, bare);
        TempFolder.delete(dir);
        return print(bare, times) ? 0 : 1;
    }

    static Histogram histogram() {
        return new Histogram(HIGHEST_NANOS, 3);
    }

    private boolean print(Histogram bare, ReclaimStage.Times times) {
        Table table = new Table("FROM", "TO", " P50", " P99", " MAX", " N", "BOUND, P99");
        boolean prolog = row(table, "prolog", "cores free", times.prolog(), FROZEN_BOUND_MILLIS);
        boolean told = row(table, "allocation", "cores free", times.told(), FROZEN_BOUND_MILLIS);
        boolean evicted =
                row(table, "end of lease", "memory free", times.evicted(), MEMORY_BOUND_MILLIS);
        row(table, "bare freezer", "two processes frozen", bare, null);
        io.print(table.render(io.terminal()));
        io.print(
                String.format(
                        Locale.ROOT,
                        "  %d calls while jobs came, %d sent again to another worker, 0 lost",
                        times.calls(),
                        times.again()));
        return prolog && told && evicted;
    }

    private static boolean row(
            Table table, String from, String to, Histogram nanos, @Nullable Double boundMillis) {
        double p99 = nanos.getValueAtPercentile(99) / 1e6;
        boolean kept = boundMillis == null || (nanos.getTotalCount() > 0 && p99 <= boundMillis);
        table.row(
                from,
                to,
                millis(nanos.getValueAtPercentile(50)),
                millis(nanos.getValueAtPercentile(99)),
                millis(nanos.getMaxValue()),
                nanos.getTotalCount(),
                boundMillis == null
                        ? ""
                        : boundMillis.longValue() + " ms, " + (kept ? "kept" : "NOT KEPT"));
        return kept;
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
