package io.offcut.benchmarks.simulate;

import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.cli.Io;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut bench simulate}. */
@Command(
        name = "simulate",
        description = {
            "Measures the simulator, each time in a new process, in turns with a bare EASY that only",
            "counts processors. Exits 1 when a bound is not kept."
        },
        footerHeading = "%nExample:%n",
        footer =
                "  offcut bench simulate curie.swf.gz --procs 80640 --small kth.swf.gz --small-procs"
                        + " 100")
public final class SimulateBenchCommand implements Callable<Integer> {
    private static final double RATIO_BOUND = 2;
    private static final double PLACED_BOUND_SECONDS = 3;
    private static final double SMALL_BOUND_SECONDS = 0.3;
    private static final double EVENTS_BOUND = 1e6;

    /** Room for noise and for what does not fit a cache any more. */
    private static final double GROWTH_BOUND = 1.5;

    private final Io io;

    @Parameters(paramLabel = "LOG", description = "A large job log, SWF with gzip.")
    private Path log = Path.of("");

    @Option(names = "--procs", required = true, description = "Processors of its machine.")
    private int procs;

    @Option(names = "--small", paramLabel = "LOG", description = "A small job log, also replayed.")
    private @Nullable Path small;

    @Option(names = "--small-procs", description = "Processors of its machine.")
    private int smallProcs;

    @Option(names = "--rounds", description = "At least 3. Default: 7.")
    private int rounds = 7;

    @Option(
            names = "--millions",
            split = ",",
            description =
                    "Millions of generated jobs, with 4 GiB of heap; 0 for none. Default: 1,2,4,10.")
    private List<Integer> millions = List.of(1, 2, 4, 10);

    private boolean kept = true;

    public SimulateBenchCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        String home = System.getenv("OFFCUT_HOME");
        if (rounds < 3 || home == null) {
            throw new OffcutException(
                    ErrorCode.USAGE, "bench simulate: start it with offcut, and 3 rounds or more");
        }
        Path folder = Files.createTempDirectory("offcut-bench-simulate");
        try {
            ColdRuns cold = new ColdRuns(Path.of(home), folder);
            if (small != null) {
                beside("small log", cold, small, smallProcs, folder, true);
                replay(cold, small);
            }
            beside("large log", cold, log, procs, folder, false);
            generated(cold, folder);
        } finally {
            TempFolder.delete(folder);
        }
        return kept ? 0 : 1;
    }

    private void beside(
            String name, ColdRuns cold, Path swf, int cores, Path folder, boolean isSmall)
            throws IOException, InterruptedException {
        String number = Integer.toString(cores);
        List<String> counted = new ArrayList<>(List.of("simulate", swf.toString()));
        counted.addAll(List.of("--procs", number, "--no-report"));
        counted.addAll(List.of("--out", folder.resolve("out").toString()));
        List<String> placed = new ArrayList<>(counted);
        placed.addAll(List.of("--fit", "cores", "--cores-per-node", "16"));
        double[][] seconds = new double[3][rounds];
        // The first round, not counted, brings the files into memory and makes the archive.
        for (int round = -1; round < rounds; round++) {
            double minimal =
                    cold.alone(MinimalEasy.class, List.of(swf.toString(), number)).seconds();
            double ours = cold.offcut(counted).seconds();
            double onNodes = isSmall ? 0 : cold.offcut(placed).seconds();
            int kept = Math.max(0, round);
            seconds[0][kept] = minimal;
            seconds[1][kept] = ours;
            seconds[2][kept] = onNodes;
        }
        line(name + ", minimal EASY", seconds[0], "");
        double ours = median(seconds[1]);
        if (isSmall) {
            bound(name + ", counting", seconds[1], ours, SMALL_BOUND_SECONDS, "s");
        } else {
            double ratio = ours / median(seconds[0]);
            bound(name + ", counting", seconds[1], ratio, RATIO_BOUND, "x minimal");
            double onNodes = median(seconds[2]);
            bound(name + ", on nodes of 16", seconds[2], onNodes, PLACED_BOUND_SECONDS, "s");
        }
    }

    private void replay(ColdRuns cold, Path swf) throws IOException, InterruptedException {
        String[] words =
                measured(
                        cold,
                        List.of(),
                        List.of("replay", swf.toString(), Integer.toString(rounds)));
        double[] seconds = new double[rounds];
        Arrays.setAll(seconds, round -> Double.parseDouble(words[round + 1]));
        double perSecond = Long.parseLong(words[0]) / median(seconds);
        kept &= perSecond >= EVENTS_BOUND;
        line(
                "replay with functions",
                seconds,
                String.format(
                        Locale.ROOT,
                        "%.2f million events/s; at least 1%s",
                        perSecond / 1e6,
                        perSecond >= EVENTS_BOUND ? "" : ": NOT KEPT"));
    }

    private void generated(ColdRuns cold, Path folder) throws IOException, InterruptedException {
        double first = 0;
        for (int million : millions) {
            if (million == 0) {
                continue;
            }
            String jobs = Integer.toString(million * 1_000_000);
            String out = folder.resolve("generated").toString();
            String[] words = measured(cold, List.of("-Xmx4g"), List.of("generated", jobs, out));
            double seconds = Double.parseDouble(words[1]);
            double growth = seconds / (million * Math.log(million * 1e6));
            first = first == 0 ? growth : first;
            bound(
                    million + " million generated jobs",
                    new double[] {seconds},
                    growth / first,
                    GROWTH_BOUND,
                    "x n log n of the first");
        }
    }

    private static String[] measured(ColdRuns cold, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        return cold.java(GeneratedRun.class, flags, arguments).output().split(" ", -1);
    }

    private void bound(String name, double[] seconds, double value, double bound, String unit) {
        kept &= value <= bound;
        line(
                name,
                seconds,
                String.format(
                        Locale.ROOT,
                        "%.2f %s; at most %.1f%s",
                        value,
                        unit,
                        bound,
                        value <= bound ? "" : ": NOT KEPT"));
    }

    /** The median, the least and the most. */
    private void line(String name, double[] seconds, String more) {
        io.print(
                String.format(
                        Locale.ROOT,
                        "%-32s %8.3f s  [%.3f, %.3f]  %s",
                        name,
                        median(seconds),
                        Arrays.stream(seconds).min().orElse(0),
                        Arrays.stream(seconds).max().orElse(0),
                        more));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
