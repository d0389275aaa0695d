package io.offcut.cli.simulate.sweep;

import io.offcut.cli.FormatOption;
import io.offcut.cli.Io;
import io.offcut.cli.Stopping;
import io.offcut.cli.ThisProgram;
import io.offcut.cli.output.Units;
import io.offcut.cli.simulate.ResultFolder;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SlurmCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** {@code offcut simulate sweep}: the points of a grid of options, each some times. */
@Command(
        name = "sweep",
        sortOptions = false,
        customSynopsis = {
            "offcut simulate sweep LOG --vary OPTION=A,B,… [--vary …]",
            "                      --out DIR [OPTIONS] [OPTIONS OF simulate]"
        },
        description = {
            "Simulates every combination of some options' values.",
            "It does so in parallel, and says with what confidence they differ. Started again"
                    + " after whatever has ended it, it goes on."
        },
        footer = {
            "",
            "Examples:",
            "  offcut simulate sweep sample --vary scheduler=fcfs,easy --out grid",
            "  offcut simulate sweep site.swf.gz --replications 10 --out grid \\",
            "      --vary 'functions=poisson,burst=4;poisson,burst=16' \\",
            "      --vary interference=none,measured",
            "  offcut simulate sweep site.swf.gz --vary scheduler=fcfs,easy \\",
            "      --out /shared/grid --slurm --partition short --time 30",
            "",
            "Any option of 'offcut simulate' holds for all points. DIR/sweep.csv has a row",
            "for each run, DIR/sweep.json means and intervals, DIR/points/NNNN/summary.json",
            "a run's own result."
        })
public final class SweepCommand implements Callable<Integer> {
    private static final SlurmCommands SLURM = SlurmCommands.ofSite(Duration.ofSeconds(30));
    private static final int MOST_RUNS = 1_000_000;

    private final Io io;

    @Option(
            names = "--vary",
            paramLabel = "OPTION=A,B,…",
            description = "An option of simulate and its values (a ';' in them separates instead).")
    private List<String> vary = List.of();

    @Option(
            names = "--replications",
            paramLabel = "R",
            description = "How often each point, each time with another seed. Default: 1.")
    private int replications = 1;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "What the seeds are derived from, for all points the same. Default: 1.")
    private long seed = 1;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "How many at once. Default: one for each CPU; with --slurm no limit.")
    private int jobs;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "For the results.")
    private Path out = Path.of("");

    @Option(names = "--fresh", description = "Forget what is done and start anew.")
    private boolean fresh;

    @Option(
            names = "--figures",
            paramLabel = "NAMES",
            split = ",",
            description = "Figures in the table, as batch.meanWaitSeconds. Default: some.")
    private List<String> figures = List.of();

    @Mixin private FormatOption format = new FormatOption();

    @Option(
            names = "--slurm",
            description = "As a job array of Slurm; nodes must see DIR and this program.")
    private boolean slurm;

    @Option(names = "--partition", paramLabel = "P", description = "With --slurm: its partition.")
    private @Nullable String partition;

    @Option(
            names = "--time",
            paramLabel = "TIME",
            description = "With --slurm: limit of a run, as sbatch reads it.")
    private @Nullable String time;

    @Option(
            names = "--sbatch",
            paramLabel = "OPTION",
            description = "With --slurm: one more option, as --sbatch=--mem=4G.")
    private List<String> sbatch = List.of();

    @Option(names = "--point", hidden = true, description = "Do this run of the sweep in DIR.")
    private @Nullable Integer point;

    @Unmatched private List<String> arguments = new ArrayList<>();

    /** Of this process. */
    public SweepCommand() {
        this(Io.system());
    }

    public SweepCommand(Io io) {
        this.io = io;
    }

    @Override
    public Integer call() throws InterruptedException {
        Path root = out.toAbsolutePath().normalize();
        if (point != null) {
            task(root, point);
            return 0;
        }
        check();
        ResultFolder.SWEEP.requireNoOther(root);
        SweepPlan plan =
                SweepPlan.of(
                        ThisProgram.version(),
                        arguments,
                        vary.stream().map(Axis::parse).toList(),
                        seed);
        checkValues(plan);
        if ((long) plan.points() * replications > MOST_RUNS) {
            throw usage("--replications: over " + MOST_RUNS + " runs: vary less at once");
        }
        try (SweepFolder.Lock _ = SweepFolder.lock(root)) {
            return sweep(root, plan);
        }
    }

    private void check() {
        if (arguments.isEmpty()) {
            throw usage("no log is given: see 'offcut simulate sweep --help'");
        }
        if (replications < 1) {
            throw usage("--replications must be at least 1");
        }
        if (jobs < 0) {
            throw usage("--jobs must be at least 1");
        }
        if (!slurm && (partition != null || time != null || !sbatch.isEmpty())) {
            throw usage("--partition, --time and --sbatch are given with --slurm");
        }
    }

    /** Each value once, so that a wrong one is told before anything is done or cleared. */
    private void checkValues(SweepPlan plan) {
        Set<String> seen = new HashSet<>();
        Set<String> known = new HashSet<>();
        for (int point = 0; point < plan.points(); point++) {
            if (seen.addAll(plan.words(point)) || point == 0) {
                known.addAll(SimulateRun.check(plan.commandLine(point)));
            }
        }
        if (!known.isEmpty()) {
            SweepText.checkFigures(figures, known);
        }
    }

    private int sweep(Path root, SweepPlan plan) throws InterruptedException {
        if (fresh && slurm) {
            SlurmRuns.cancel(SLURM, root);
        } else if (!slurm) {
            SlurmRuns.requireNone(SLURM, root);
        }
        SweepFolder folder = SweepFolder.open(root, plan, fresh);
        int runs = plan.points() * replications;
        List<Integer> missing = folder.missing(runs);
        if (missing.size() < runs) {
            io.say(
                    "sweep: "
                            + (runs - missing.size())
                            + " of "
                            + Units.counted(runs, "run")
                            + " done before");
        }
        if (!missing.isEmpty() && !(slurm ? inSlurm(folder, missing) : here(folder, missing))) {
            return ErrorCode.ITEMS_FAILED.exitCode();
        }
        report(folder);
        return 0;
    }

    /** False if it was told to end before. */
    private boolean here(SweepFolder folder, List<Integer> missing) throws InterruptedException {
        try (Stopping stopping = Stopping.interruptingOnSignal()) {
            try {
                int threads = jobs > 0 ? jobs : Runtime.getRuntime().availableProcessors();
                new LocalRuns(io, folder).run(missing, threads);
                return true;
            } catch (InterruptedException e) {
                stopping.clearInterrupt();
                if (!stopping.stopped()) {
                    throw e;
                }
                io.say("sweep: stopped; the same command goes on where it was");
                return false;
            }
        }
    }

    private boolean inSlurm(SweepFolder folder, List<Integer> missing) throws InterruptedException {
        List<String> options = new ArrayList<>();
        if (partition != null) {
            options.add("--partition=" + partition);
        }
        if (time != null) {
            options.add("--time=" + time);
        }
        options.addAll(sbatch);
        SlurmRuns tasks = new SlurmRuns(io, SLURM, folder, new SlurmRuns.Wishes(jobs, options));
        try (Stopping stopping = Stopping.onSignal()) {
            return tasks.run(
                    missing,
                    pause -> {
                        stopping.await(pause);
                        return !stopping.stopped();
                    });
        }
    }

    private void report(SweepFolder folder) {
        SweepReport report = SweepReport.of(folder, replications);
        String json = ResultJson.text(report.json());
        folder.write("sweep.csv", report.csv());
        folder.write("sweep.json", json);
        if (format.json()) {
            io.print(json);
        } else {
            io.print(new SweepText(report, io.terminal(), figures).text());
            io.say("sweep: sweep.csv, sweep.json and points are in " + folder.root());
        }
    }

    /** One run, in a task of Slurm. */
    private void task(Path root, int run) {
        SweepFolder folder = SweepFolder.existing(root);
        if (!folder.isDone(run)) {
            new LocalRuns(io, folder).run(run);
        }
    }

    private static OffcutException usage(String what) {
        return new OffcutException(ErrorCode.USAGE, "sweep: " + what);
    }
}
