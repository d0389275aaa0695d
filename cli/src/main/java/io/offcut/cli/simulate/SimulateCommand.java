package io.offcut.cli.simulate;

import io.offcut.cli.Io;
import io.offcut.cli.ThisProgram;
import io.offcut.cli.output.Choice;
import io.offcut.cli.output.ProgressLine;
import io.offcut.cli.simulate.compare.CompareCommand;
import io.offcut.cli.simulate.sweep.SweepCommand;
import io.offcut.cli.trace.LogFiles;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.LeaseWriter;
import io.offcut.simulator.ResultWriter;
import io.offcut.simulator.RunNote;
import io.offcut.simulator.Simulation;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.SimulationResult;
import io.offcut.traces.LogMerge;
import io.offcut.traces.SwfLog;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        customSynopsis = {
            "offcut simulate LOG... [OPTIONS]",
            "offcut simulate idle SAMPLES [OPTIONS]",
            "offcut simulate sweep|compare …"
        },
        description = "Simulates functions on the cores that the jobs of a log leave idle.",
        footer = {
            "",
            "Examples:",
            "  offcut simulate sample --functions fit",
            "  offcut simulate KTH-SP2-1996-2.swf.gz --scheduler recorded --functions fit --out results",
            "  offcut simulate jan.swf.gz feb.swf.gz --scheduler conservative",
            "  offcut simulate sample --functions poisson,rate=600,burst=4,service=lognormal,median=2s",
            "  offcut simulate sample --functions fit --policy pilot,fit=preempted",
            "  offcut simulate site.swf --procs 2304 --cores-per-node 32 --allocation nodes",
            "",
            "LOG is in the Standard Workload Format, a dump of sacct -P, or accounting of",
            "Torque or PBS, plain or compressed; 'sample' is in the first and",
            "was generated. --out writes report.html, summary.json, jobs.csv, utilization.csv",
            "and, with functions, leases.csv."
        })
public final class SimulateCommand implements Callable<Integer> {
    /** How results are printed. */
    enum Format {
        TABLE,
        JSON
    }

    /** By name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("idle", SimulateIdleCommand.class);
        COMMANDS.put("sweep", SweepCommand.class);
        COMMANDS.put("compare", CompareCommand.class);
    }

    private final Io io;

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

    @Option(names = "--no-report", description = "Write no report.html into DIR.")
    private boolean noReport;

    @Option(
            names = "--core-hour-price",
            paramLabel = "P",
            description = "What an hour of one core costs; results then tell costs.")
    private @Nullable Double coreHourPrice;

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

    public SimulateCommand(Io io) {
        this(io, LogFiles::read);
    }

    /**
     * @param reader reads a log by its name; several commands may share what they only read
     */
    public SimulateCommand(Io io, Function<String, SwfLog> reader) {
        this.io = io;
        this.reader = reader;
    }

    /**
     * The commands below this one that a command line can mean: that which it names, none if it is
     * a simulation, or all for the help. A simulation can be over before three commands are set up.
     *
     * @param arguments all of a command line, or none
     */
    public static Collection<Class<?>> commandsFor(String... arguments) {
        List<Class<?>> named = new ArrayList<>();
        boolean needsAll = arguments.length < 2;
        for (String word : arguments) {
            Class<?> command = COMMANDS.get(word);
            if (command != null && !named.contains(command)) {
                named.add(command);
            }
            needsAll |= word.equals("-h") || word.equals("--help");
        }
        return needsAll ? COMMANDS.values() : named;
    }

    @Override
    public Integer call() {
        // Not picocli's to require: subcommands have none.
        if (logs.isEmpty()) {
            throw new ParameterException(
                    commandSpec().commandLine(), "Missing required parameter: 'LOG'");
        }
        Format shown = Choice.of("--format", Format.class, format);
        checkPrice();
        List<RunNote.Log> notes = new ArrayList<>();
        SwfLog jobs = read(notes);
        SimulationResult result = simulate(config(jobs));
        RunNote note =
                RunNote.of(
                        ThisProgram.version(), shownCommand(), notes, jobs.header(), coreHourPrice);
        if (out != null) {
            ResultWriter.write(result, note, !noReport, out);
        }
        if (shown == Format.JSON) {
            out().println(ResultWriter.summaryJson(result, note));
        } else {
            new ResultText(out()).print(result, coreHourPrice);
            printReport();
        }
        out().flush();
        return 0;
    }

    private SwfLog read(List<RunNote.Log> notes) {
        List<SwfLog> all = new ArrayList<>();
        for (String log : logs) {
            SwfLog jobs = reader.apply(log);
            LogFiles.warn(err(), log, jobs.complaints());
            notes.add(RunNote.Log.of(log, jobs));
            all.add(jobs);
        }
        return LogMerge.of(all);
    }

    private SimulationResult simulate(SimulationConfig config) {
        SimulateProgress progress = new SimulateProgress();
        try (ProgressLine _ = ProgressLine.start(io.err(), io.terminal(), progress::line)) {
            if (out == null || config.functions().isNone()) {
                return Simulation.run(config, progress);
            }
            try (LeaseWriter leases = new LeaseWriter(out, config.cluster())) {
                SimulationResult result = Simulation.run(config, progress, leases);
                leases.done();
                return result;
            }
        }
    }

    private void checkPrice() {
        if (coreHourPrice != null && !(coreHourPrice >= 0 && coreHourPrice < 1e9)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "--core-hour-price must be from 0 to 1e9; got " + coreHourPrice);
        }
    }

    private String shownCommand() {
        return ShownCommand.of(commandSpec().commandLine().getParseResult().originalArgs());
    }

    private void printReport() {
        if (out != null && !noReport) {
            out().printf("%nreport: %s%n", out.resolve("report.html"));
        }
    }

    /**
     * Refuses what cannot be right whatever the log is, without a log.
     *
     * @throws OffcutException {@link ErrorCode#USAGE} if there is such a thing
     */
    public void checkOptions() {
        try {
            var _ = batch.config();
            var _ = functions.config(seed, err());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private SimulationConfig config(SwfLog jobs) {
        try {
            return new SimulationConfig(
                    jobs.jobs(),
                    machine.cluster(jobs),
                    batch.config(),
                    functions.config(seed, err()),
                    seed,
                    rowSeconds);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
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
