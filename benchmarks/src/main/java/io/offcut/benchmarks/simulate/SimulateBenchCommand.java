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
            description = "Millions of generated jobs, with 4 GiB of heap. Default: 1,2,4.")
    private List<Integer> millions = List.of(1, 2, 4);

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
            beside("large log", cold, log, procs, folder, false);
            if (small != null) {
                beside("small log", cold, small, smallProcs, folder, true);
                replay(cold, small);
            }
            generated(cold, folder);
        } finally {
            TempFolder.delete(folder);
        }
        return kept ? 0 : 1;
    }

    private void beside(
            String name, ColdRuns cold, Path swf, int cores, Path folder, boolean isSmall)
            throws IOException, InterruptedException {
        String out = folder.resolve("out").toString();
        String number = Integer.toString(cores);
        List<String> counted = List.of("simulate", swf.toString(), "--procs", number, "--out", out);
        List<String> placed = new ArrayList<>(counted);
        placed.addAll(List.of("--fit", "cores", "--cores-per-node", "16"));
        double[][] seconds = new double[3][rounds];
        for (int round = -1; round < rounds; round++) {
            double[] times = {
                cold.alone(MinimalEasy.class, List.of(swf.toString(), number)).seconds(),
                cold.offcut(counted).seconds(),
                cold.offcut(placed).seconds()
            };
            for (int program = 0; program < times.length && round >= 0; program++) {
                seconds[program][round] = times[program];
            }
        }
        double minimal = median(seconds[0]);
        double ours = median(seconds[1]);
        double onNodes = median(seconds[2]);
        line(name + ", minimal EASY", minimal, "");
        line(name + ", offcut, counting", ours, ratio(ours / minimal));
        line(name + ", offcut, on nodes of 16", onNodes, ratio(onNodes / minimal));
        kept &= isSmall ? ours <= SMALL_BOUND_SECONDS : ours <= RATIO_BOUND * minimal;
        kept &= onNodes <= PLACED_BOUND_SECONDS;
    }

    private void replay(ColdRuns cold, Path swf) throws IOException, InterruptedException {
        String[] words = measured(cold, List.of(), List.of("replay", swf.toString(), "5"));
        double seconds = Double.parseDouble(words[0]);
        double perSecond = Long.parseLong(words[1]) / seconds;
        line(
                "replay with functions",
                seconds,
                String.format(Locale.ROOT, "%.0f events/s", perSecond));
        kept &= perSecond >= EVENTS_BOUND;
    }

    private void generated(ColdRuns cold, Path folder) throws IOException, InterruptedException {
        for (int million : millions) {
            String jobs = Integer.toString(million * 1_000_000);
            String out = folder.resolve("generated").toString();
            String[] words = measured(cold, List.of("-Xmx4g"), List.of("generated", jobs, out));
            double seconds = Double.parseDouble(words[0]);
            line(
                    million + " million generated jobs",
                    seconds,
                    String.format(Locale.ROOT, "%.3f us a job", seconds / million));
        }
    }

    private static String[] measured(ColdRuns cold, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        return cold.java(GeneratedRun.class, flags, arguments).output().split(" ", -1);
    }

    private static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.2f x minimal", ratio);
    }

    private void line(String name, double seconds, String more) {
        io.print(String.format(Locale.ROOT, "%-36s %8.3f s  %s", name, seconds, more));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
