package io.offcut.cli.simulate;

import io.offcut.cli.output.Choice;
import io.offcut.cli.simulate.compare.CompareCommand;
import io.offcut.cli.simulate.sweep.SweepCommand;
import io.offcut.cli.trace.LogFiles;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ResultWriter;
import io.offcut.simulator.Simulation;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.SimulationResult;
import io.offcut.traces.LogMerge;
import io.offcut.traces.SwfLog;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code offcut simulate}: what a cluster would gain, from its own job log. */
@Command(
        name = "simulate",
        showDefaultValues = true,
        sortOptions = false,
        subcommands = {SimulateIdleCommand.class, SweepCommand.class, CompareCommand.class},
        customSynopsis = {
            "offcut simulate LOG... [OPTIONS]",
            "offcut simulate idle SAMPLES [OPTIONS]",
            "offcut simulate sweep|compare …"
        },
        description = "Simulates functions on the cores that the jobs of a log leave idle.",
        footer = {
            "",
            "Examples:",
            "  offcut simulate sample",
            "  offcut simulate KTH-SP2-1996-2.swf.gz --scheduler recorded --out results",
            "  offcut simulate jan.swf.gz feb.swf.gz --scheduler conservative",
            "  offcut simulate site.swf --procs 2304 --cores-per-node 32 --allocation nodes",
            "",
            "The log is in the Standard Workload Format, plain or gzip; 'sample' is one that",
            "was generated. --out writes summary.json, jobs.csv and utilization.csv."
        })
public final class SimulateCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format {
        TABLE,
        JSON
    }

    @Spec private @Nullable CommandSpec spec;

    private final Function<String, SwfLog> reader;

    @Parameters(
            paramLabel = "LOG",
            showDefaultValue = Help.Visibility.NEVER,
            arity = "0..*",
            description = "Job log, or 'sample'; several are merged by the times of submission.")
    private List<String> logs = new ArrayList<>();

    @ArgGroup(exclusive = false, heading = "%nThe machine (from the log's header unless given):%n")
    private MachineOptions machine = new MachineOptions();

    @ArgGroup(exclusive = false, heading = "%nBatch jobs:%n")
    private BatchOptions batch = new BatchOptions();

    @ArgGroup(exclusive = false, heading = "%nFunctions:%n")
    private FunctionOptions functions = new FunctionOptions();

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of everything random.")
    private long seed;

    @Option(names = "--out", paramLabel = "DIR", description = "Where to write the result files.")
    private @Nullable Path out;

    @Option(
            names = "--row-seconds",
            paramLabel = "S",
            defaultValue = "3600",
            description = "Width of a row of utilization.csv.")
    private int rowSeconds;

    @Option(
            names = "--format",
            paramLabel = "table|json",
            defaultValue = "table",
            description = "For people or for scripts.")
    private String format = "";

    public SimulateCommand() {
        this(LogFiles::read);
    }

    /**
     * @param reader reads a log by its name; several commands may share what they only read
     */
    public SimulateCommand(Function<String, SwfLog> reader) {
        this.reader = reader;
    }

    @Override
    public Integer call() {
        // Not picocli's to require: subcommands have none.
        if (logs.isEmpty()) {
            throw new ParameterException(
                    commandSpec().commandLine(), "Missing required parameter: 'LOG'");
        }
        Format shown = Choice.of("--format", Format.class, format);
        SimulationConfig config = config(read());
        SimulationResult result = Simulation.run(config, progress());
        if (out != null) {
            ResultWriter.write(result, out);
        }
        if (shown == Format.JSON) {
            out().println(ResultWriter.summaryJson(result));
        } else {
            new ResultText(out()).print(result);
        }
        out().flush();
        return 0;
    }

    private SwfLog read() {
        List<SwfLog> all = new ArrayList<>();
        for (String log : logs) {
            SwfLog jobs = reader.apply(log);
            LogFiles.warn(err(), log, jobs.complaints());
            all.add(jobs);
        }
        return LogMerge.of(all);
    }

    private SimulationConfig config(SwfLog jobs) {
        try {
            return new SimulationConfig(
                    jobs.jobs(),
                    machine.cluster(jobs),
                    batch.config(),
                    functions.config(),
                    seed,
                    rowSeconds);
        } catch (IllegalArgumentException e) {
            throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    // Since JDK 25 there is again no console where there is no terminal.
    @SuppressWarnings("SystemConsoleNull")
    private Simulation.Progress progress() {
        Console console = System.console();
        if (console == null || !console.isTerminal()) {
            return (finished, jobs) -> {};
        }
        return new Bar(err());
    }

    /** Redraws when the percentage moves; gone when the last job has ended. */
    private static final class Bar implements Simulation.Progress {
        private final PrintWriter err;
        private long shown = -1;

        Bar(PrintWriter err) {
            this.err = err;
        }

        @Override
        public void at(int finishedJobs, int jobs) {
            long percent = 100L * finishedJobs / jobs;
            if (percent != shown) {
                shown = percent;
                boolean over = finishedJobs == jobs;
                err.print(
                        over
                                ? "\r" + " ".repeat(40) + "\r"
                                : String.format(
                                        Locale.ROOT,
                                        "\r%3d %%  %d of %d jobs",
                                        percent,
                                        finishedJobs,
                                        jobs));
                err.flush();
            }
        }
    }

    private PrintWriter out() {
        return commandSpec().commandLine().getOut();
    }

    private PrintWriter err() {
        return commandSpec().commandLine().getErr();
    }

    private CommandSpec commandSpec() {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        return spec;
    }
}
