package io.offcut.benchmarks.slurm;

import io.offcut.benchmarks.slurm.LaunchSite.Kind;
import io.offcut.cli.Io;
import io.offcut.cli.output.Table;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SpankPlugin;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code offcut bench slurm-launch}. */
@Command(
        name = "slurm-launch",
        description =
                "Measures how much later a job starts with Slurm's plugin: srun true with it and"
                        + " without, in turns, on two nodes that change places. Exits 1 when the"
                        + " bound is not kept.",
        footerHeading = "%nExample:%n",
        footer = "  offcut bench slurm-launch --rounds 100")
public final class LaunchCommand implements Callable<Integer> {
    private static final double BOUND_MILLIS = 3;
    private static final int RESAMPLES = 2000;
    private static final List<Kind> KINDS = List.of(Kind.values());

    private final Io io;

    @Option(names = "--rounds", description = "Launches of each kind, from 10. Default: 60.")
    int rounds = 60;

    public LaunchCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rounds < 10) {
            throw new OffcutException(
                    ErrorCode.USAGE, "bench slurm-launch: --rounds is at least 10");
        }
        if (!SlurmCluster.missingPrograms().isEmpty() || !SpankPlugin.available()) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "bench slurm-launch needs Slurm, its header slurm/spank.h and a C compiler at"
                            + " build time: apt-get install "
                            + String.join(" ", SlurmCluster.aptPackages()));
        }
        return report(measure()) ? 0 : 1;
    }

    private Map<Kind, List<Double>> measure() throws IOException, InterruptedException {
        Map<Kind, List<Double>> times = new EnumMap<>(Kind.class);
        try (LaunchSite site = LaunchSite.start()) {
            for (int round = 0; round < rounds; round++) {
                if (round == 0 || round == rounds / 2) {
                    site.turn();
                    for (Kind kind : KINDS) {
                        site.launchMillis(kind);
                    }
                }
                for (int i = 0; i < KINDS.size(); i++) {
                    // Each kind is as often behind each other.
                    Kind kind = KINDS.get((i * (1 + round % 2) + round) % KINDS.size());
                    times.computeIfAbsent(kind, _ -> new ArrayList<>())
                            .add(site.launchMillis(kind));
                }
            }
        }
        return times;
    }

    /** Whether the bound is kept. */
    private boolean report(Map<Kind, List<Double>> times) {
        double[] without = sorted(times.getOrDefault(Kind.WITHOUT, List.of()));
        boolean kept = true;
        Table table = new Table("SRUN TRUE", " P50", " P95", " LATER", " INTERVAL", "BOUND");
        for (Map.Entry<Kind, List<Double>> entry : times.entrySet()) {
            double[] these = sorted(entry.getValue());
            double later = at(these, 0.5) - at(without, 0.5);
            boolean bounded = entry.getKey() == Kind.WITH;
            kept &= !bounded || later <= BOUND_MILLIS;
            table.row(
                    entry.getKey().label(),
                    millis(at(these, 0.5)),
                    millis(at(these, 0.95)),
                    entry.getKey() == Kind.WITHOUT ? "" : millis(later),
                    entry.getKey() == Kind.WITHOUT ? "" : interval(these, without),
                    bounded ? millis(BOUND_MILLIS) + (kept ? " kept" : " NOT KEPT") : "");
        }
        io.print(table.render(io.terminal()));
        return kept;
    }

    /** Of the difference of the medians, 95 %, by resampling. */
    private static String interval(double[] these, double[] those) {
        SplittableRandom random = new SplittableRandom(1);
        double[] differences = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            differences[i] = resampledMedian(these, random) - resampledMedian(those, random);
        }
        Arrays.sort(differences);
        return String.format(
                Locale.ROOT, "%.1f..%.1f ms", at(differences, 0.025), at(differences, 0.975));
    }

    private static double resampledMedian(double[] values, SplittableRandom random) {
        double[] drawn = new double[values.length];
        Arrays.setAll(drawn, _ -> values[random.nextInt(values.length)]);
        Arrays.sort(drawn);
        return at(drawn, 0.5);
    }

    private static double[] sorted(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }

    private static double at(double[] sorted, double share) {
        return sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))];
    }

    private static String millis(double value) {
        return String.format(Locale.ROOT, "%.1f ms", value);
    }
}
