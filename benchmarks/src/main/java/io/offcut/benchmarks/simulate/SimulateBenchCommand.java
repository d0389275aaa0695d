package io.offcut.benchmarks.simulate;

import io.offcut.benchmarks.invoke.TempFolder;
import io.offcut.cli.Io;
import io.offcut.cli.Main;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code offcut bench simulate}. */
@Command(
        name = "simulate",
        description = {
            "Measures the simulator beside a bare EASY that only counts processors.",
            "In turns, each time in a new process. Exits 1 when a bound is not kept."
        },
        footerHeading = "%nExample:%n",
        footer =
                "  offcut bench simulate curie.swf.gz --procs 80640 --small kth.swf.gz --small-procs"
                        + " 100")
public final class SimulateBenchCommand implements Callable<Integer> {
    private static final double RATIO_BOUND = 2;
    private static final double PLACED_BOUND_SECONDS = 3;
    private static final double SMALL_BOUND_SECONDS = 0.3;
    private static final double EVENTS_BOUND = 1;
    private static final String EVENTS_UNIT = "million events/s";

    /** Far below what a large log's leases.csv takes. */
    private static final int HEAP_MIB = 256;

    /** Room for noise and for what does not fit a cache any more. */
    private static final double GROWTH_BOUND = 1.5;

    enum Format {
        TABLE,
        JSON
    }

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

    @Option(
            names = "--format",
            paramLabel = "table|json",
            description = "For people or for scripts.")
    private Format format = Format.TABLE;

    private final List<SimulateRow> rows = new ArrayList<>();

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
                replays(cold, small, folder);
            }
            beside("large log", cold, log, procs, folder, false);
            longReplay(cold, folder);
            generated(cold, folder);
        } finally {
            TempFolder.delete(folder);
        }
        if (format == Format.JSON) {
            io.print(JsonOut.text(Map.of("simulate", rows)));
        }
        return rows.stream().allMatch(SimulateRow::kept) ? 0 : 1;
    }

    private void beside(
            String name, ColdRuns cold, Path swf, int cores, Path folder, boolean isSmall)
            throws IOException, InterruptedException {
        String number = Integer.toString(cores);
        List<String> counted = simulation(swf, folder, "--procs", number);
        List<String> placed = new ArrayList<>(counted);
        placed.addAll(List.of("--fit", "cores", "--cores-per-node", "16"));
        List<Profile> minimal = new ArrayList<>();
        List<Profile> ours = new ArrayList<>();
        List<Profile> onNodes = new ArrayList<>();
        // The first round, not counted, brings the files into memory and makes the archive.
        for (int round = -1; round < rounds; round++) {
            minimal.add(Profile.of(cold.alone(MinimalEasy.class, List.of(swf.toString(), number))));
            ours.add(Profile.of(cold.offcut(counted)));
            if (!isSmall) {
                onNodes.add(Profile.of(cold.offcut(placed)));
            }
            if (round < 0) {
                minimal.clear();
                ours.clear();
                onNodes.clear();
            }
        }
        SimulateRow bare = SimulateRow.of(name + ", minimal EASY", minimal);
        SimulateRow counting = SimulateRow.of(name + ", counting", ours);
        add(bare);
        if (isSmall) {
            add(counting.atMost(SMALL_BOUND_SECONDS, counting.seconds(), "s"));
        } else {
            double ratio = counting.seconds() / bare.seconds();
            add(counting.atMost(RATIO_BOUND, ratio, "x minimal"));
            SimulateRow nodes = SimulateRow.of(name + ", on nodes of 16", onNodes);
            add(nodes.atMost(PLACED_BOUND_SECONDS, nodes.seconds(), "s"));
        }
    }

    private static List<String> simulation(Path swf, Path folder, String... more) {
        List<String> words = new ArrayList<>(List.of("simulate", swf.toString()));
        words.addAll(List.of("--no-report", "--times", "--out", folder.resolve("out").toString()));
        words.addAll(List.of(more));
        return words;
    }

    private static List<String> replay(Path swf, Path folder) {
        return simulation(swf, folder, "--scheduler", "recorded", "--functions", "fit");
    }

    /** In processes of their own, compiled while they run; then in one that is warm. */
    private void replays(ColdRuns cold, Path swf, Path folder)
            throws IOException, InterruptedException {
        List<Profile> whole = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            whole.add(Profile.of(cold.offcut(replay(swf, folder))));
        }
        SimulateRow row = SimulateRow.of("small log, with functions", whole);
        double events = ResultJson.read(folder.resolve("out/summary.json")).path("events").asLong();
        add(row.reached(events / row.seconds() / 1e6, EVENTS_UNIT));
        String[] words =
                measured(
                        cold,
                        List.of(),
                        List.of("replay", swf.toString(), Integer.toString(rounds)));
        List<Profile> warm = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            warm.add(new Profile(Double.parseDouble(words[round + 1]), Map.of()));
        }
        row = SimulateRow.of("small log, with functions, warm", warm);
        add(row.atLeast(EVENTS_BOUND, events / row.seconds() / 1e6, EVENTS_UNIT));
    }

    /** Once, in a heap that does not hold what it writes. */
    private void longReplay(ColdRuns cold, Path folder) throws IOException, InterruptedException {
        List<String> flags = List.of("-Xmx" + HEAP_MIB + "m");
        Profile once = Profile.of(cold.java(Main.class, flags, replay(log, folder)));
        SimulateRow row = SimulateRow.of("large log, with functions", List.of(once));
        double events = ResultJson.read(folder.resolve("out/summary.json")).path("events").asLong();
        add(row.atLeast(EVENTS_BOUND, events / row.seconds() / 1e6, EVENTS_UNIT));
        double written = Files.size(folder.resolve("out/leases.csv")) / (double) (1 << 20);
        add(
                SimulateRow.of(
                                "large log, leases.csv",
                                List.of(new Profile(once.seconds(), Map.of())))
                        .atLeast(1, written / HEAP_MIB, "x the heap of " + HEAP_MIB + " MiB"));
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
            add(
                    SimulateRow.of(
                                    million + " million generated jobs",
                                    List.of(new Profile(seconds, Map.of())))
                            .atMost(GROWTH_BOUND, growth / first, "x n log n of the first"));
        }
    }

    private static String[] measured(ColdRuns cold, List<String> flags, List<String> arguments)
            throws IOException, InterruptedException {
        return cold.java(GeneratedRun.class, flags, arguments).output().split(" ", -1);
    }

    private void add(SimulateRow row) {
        rows.add(row);
        if (format == Format.TABLE) {
            io.print(row.text());
        }
    }
}
