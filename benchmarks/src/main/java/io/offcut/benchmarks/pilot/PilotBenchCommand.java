package io.offcut.benchmarks.pilot;

import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.cli.Io;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench pilot}. */
@Command(
        name = "pilot",
        description = {
            "Measures how soon a pilot job serves its first call, beside bare jobs.",
            "On a private Slurm cluster of this user. Exits 1 when it takes over 2 s."
        },
        footerHeading = "%nExample:%n",
        footer = "  offcut bench pilot --pilots 20")
public final class PilotBenchCommand implements Callable<Integer> {
    private static final long HIGHEST_NANOS = 120_000_000_000L;
    private static final long BOUND_NANOS = 2_000_000_000L;

    private final Io io;

    @Option(names = "--pilots", description = "How many, at least 10. Default: 20.")
    int pilots = 20;

    public PilotBenchCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (pilots < 10) {
            throw new OffcutException(ErrorCode.USAGE, "bench pilot: --pilots is at least 10");
        }
        if (!SlurmCluster.missingPrograms().isEmpty()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench pilot: needs Slurm: apt-get install "
                            + String.join(" ", SlurmCluster.aptPackages()));
        }
        if ("root".equals(System.getProperty("user.name"))) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "bench pilot: pilots are for users without root: run it as another user");
        }
        Path dir = Files.createTempDirectory("offcut-bench-pilot");
        Histogram batch = new Histogram(HIGHEST_NANOS, 3);
        Histogram step = new Histogram(HIGHEST_NANOS, 3);
        Histogram served = new Histogram(HIGHEST_NANOS, 3);
        try (PilotStage stage = new PilotStage(dir)) {
            for (int i = 0; i < pilots; i++) {
                batch.recordValue(stage.bareBatchNanos());
                step.recordValue(stage.bareStepNanos());
                served.recordValue(stage.firstServedNanos());
            }
        }
        // After a failure its logs stay.
        TempFolder.delete(dir);
        io.print(
                String.format(
                        Locale.ROOT,
                        "%-44s %8s %8s %8s%n%s%n%s%n%s",
                        "from the prolog of the job, ms",
                        "p50",
                        "p99",
                        "max",
                        line("sbatch, to the first line of the script", batch),
                        line("srun in it, to the first line of the step", step),
                        line("pilot, to the first result that it serves", served)));
        return served.getMaxValue() <= BOUND_NANOS ? 0 : 1;
    }

    private static String line(String name, Histogram times) {
        return String.format(
                Locale.ROOT,
                "%-44s %8.0f %8.0f %8.0f",
                name,
                times.getValueAtPercentile(50) / 1e6,
                times.getValueAtPercentile(99) / 1e6,
                times.getMaxValue() / 1e6);
    }
}
