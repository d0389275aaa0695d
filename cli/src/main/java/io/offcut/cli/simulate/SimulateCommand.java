package io.offcut.cli.simulate;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.offcut.cli.FormatOption;
import io.offcut.cli.Io;
import io.offcut.cli.Quantities;
import io.offcut.cli.ThisProgram;
import io.offcut.cli.output.ProgressLine;
import io.offcut.cli.output.Units;
import io.offcut.cli.simulate.compare.CompareCommand;
import io.offcut.cli.simulate.sweep.SweepCommand;
import io.offcut.cli.trace.LogFiles;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.ClusterSpec;
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
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code offcut simulate}: what a cluster would gain, from its own job log. */
@Command(
        name = "simulate",
        showDefaultValues = true,
        sortOptions = false,
        customSynopsis = {
            "offcut simulate LOG... [--scenario FILE] [OPTIONS]",
            "offcut simulate idle SAMPLES [OPTIONS]",
            "offcut simulate sweep|compare …"
        },
        description = "Simulates functions on the cores that the jobs of a log leave idle.",
        footer = {
            "",
            "Examples:",
            "  offcut simulate sample --functions fit",
            "  offcut simulate KTH-SP2-1996-2.swf.gz --scheduler recorded --functions fit \\",
            "      --out results",
            "  offcut simulate jan.swf.gz feb.swf.gz --scheduler conservative",
            "  offcut simulate sample \\",
            "      --functions poisson,rate=600,burst=4,service=lognormal,median=2s",
            "  offcut simulate sample --functions fit --policy pilot,fit=preempted",
            "  offcut simulate site.swf --procs 2304 --cores-per-node 32 --allocation nodes",
            "",
            "LOG is in the Standard Workload Format, a dump of sacct -P, or accounting of",
            "Torque or PBS, plain or compressed; 'sample' ships with Offcut and was",
            "generated. --out writes report.html, summary.json, scenario.json, jobs.csv,",
            "utilization.csv and, with functions, leases.csv."
        })
public final class SimulateCommand implements Callable<Integer> {
    private static final String SCENARIO = "--scenario";

    /** Between logs of two months that follow each other: a day. */
    private static final long SILENT_GAP_SECONDS = 86_400;

    /** By name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("idle", SimulateIdleCommand.class);
        COMMANDS.put("sweep", SweepCommand.class);
        COMMANDS.put("compare", CompareCommand.class);
    }

    private final Io io;

    @Spec private @Nullable CommandSpec spec;

    private final LogFiles.Reader reader;

    @Parameters(
            paramLabel = "LOG",
            showDefaultValue = Help.Visibility.NEVER,
            arity = "0..*",
            description = "Job log, or 'sample'; several are merged by the times of submission.")
    private List<String> logs = new ArrayList<>();

    /** Nodes and outages of a scenario; empty for none. */
    private ObjectNode described = JsonNodeFactory.instance.objectNode();

    private @Nullable Path describedIn;

    @Option(
            names = SCENARIO,
            paramLabel = "FILE",
            description =
                    "Options in a file, YAML or JSON, as --out writes one; those of the command"
                            + " line go before.")
    private @Nullable Path scenario;

    @Option(
            names = "--time-zone",
            paramLabel = "ZONE",
            defaultValue = "UTC",
            description = "Zone of times in a log that name none, as Europe/Berlin.")
    private String timeZone = "";

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

    @Mixin private FormatOption format = new FormatOption();

    @Option(names = "--times", description = "Tell on stderr how long each part of the run took.")
    private boolean times;

    public SimulateCommand(Io io) {
        this(io, LogFiles::read);
    }

    /**
     * @param reader reads a log by its name; several commands may share what they only read
     */
    public SimulateCommand(Io io, LogFiles.Reader reader) {
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

    /**
     * What the scenarios of a command line name besides: its logs, and the values of its options.
     *
     * @throws OffcutException {@link ErrorCode#NOT_FOUND} or {@link ErrorCode#USAGE}
     */
    public static List<String> wordsOfScenarios(List<String> words) {
        List<String> named = new ArrayList<>();
        for (int at = 0; at < words.size(); at++) {
            String word = words.get(at);
            if (word.startsWith(SCENARIO + "=")) {
                named.addAll(
                        Scenario.read(Path.of(word.substring(word.indexOf('=') + 1))).values());
            } else if (word.equals(SCENARIO) && at + 1 < words.size()) {
                named.addAll(Scenario.read(Path.of(words.get(at + 1))).values());
            }
        }
        return named;
    }

    @Override
    public Integer call() {
        if (scenario == null) {
            return run();
        }
        Scenario read = Scenario.read(scenario);
        try {
            return told(read, scenario).run();
        } catch (OffcutException e) {
            throw read.located(e, commandSpec(), parsed());
        } catch (ParameterException e) {
            throw read.located(refusal(e), commandSpec(), parsed());
        }
    }

    /** Another command that was told what a scenario says too. */
    private SimulateCommand told(Scenario read, Path from) {
        ParseResult given = parsed();
        SimulateCommand all = new SimulateCommand(io, reader);
        all.described = read.machine(given);
        all.describedIn = from;
        CommandLine line = new CommandLine(all);
        Quantities.explainNumbers(line);
        line.setOut(out()).setErr(err());
        List<String> words = read.words(commandSpec(), given);
        words.addAll(logs);
        for (OptionSpec option : given.matchedOptions()) {
            if (!option.longestName().equals(SCENARIO)) {
                String value = option.originalStringValues().getLast();
                boolean flag = option.arity().max() == 0;
                words.add(flag ? option.longestName() : option.longestName() + "=" + value);
            }
        }
        line.parseArgs(words.toArray(String[]::new));
        if (all.logs.isEmpty()) {
            throw read.withoutLogs();
        }
        return all;
    }

    /** In the words of this command's own refusals. */
    private static OffcutException refusal(ParameterException e) {
        String why = String.valueOf(e.getMessage());
        if (e.getArgSpec() instanceof OptionSpec option) {
            why = option.longestName() + ": " + why.replaceFirst("^Invalid value [^:]*: ", "");
        }
        return new OffcutException(ErrorCode.USAGE, why, e);
    }

    private int run() {
        // Not picocli's to require: subcommands have none.
        if (logs.isEmpty()) {
            throw new ParameterException(
                    commandSpec().commandLine(), "Missing required parameter: 'LOG'");
        }
        checkNumbers();
        if (out != null) {
            ResultFolder.SIMULATE.requireNoOther(out);
        }
        PhaseClock clock = new PhaseClock();
        List<RunNote.Log> notes = new ArrayList<>();
        SwfLog jobs = read(notes);
        clock.ended("read");
        SimulationResult result = simulate(config(jobs));
        clock.ended("simulate");
        EffectiveOptions options = EffectiveOptions.of(logs, parsed());
        RunNote note =
                RunNote.of(
                        ThisProgram.version(),
                        options.command(described.isEmpty() ? null : describedIn),
                        notes,
                        jobs.header(),
                        machine.madeFrom(jobs.header(), described),
                        coreHourPrice);
        if (out != null) {
            String told = Scenario.text(options, described);
            ResultWriter.write(result, note.withScenario(told), !noReport, out);
            clock.ended("write");
        }
        if (format.json()) {
            out().println(ResultWriter.summaryJson(result, note));
        } else {
            new ResultText(out()).print(result, note);
            printReport();
        }
        out().flush();
        clock.ended("print");
        if (times) {
            err().println("offcut: " + clock.line());
        }
        return 0;
    }

    private SwfLog read(List<RunNote.Log> notes) {
        List<SwfLog> all = new ArrayList<>();
        ZoneId zone = LogFiles.zone(timeZone);
        for (String log : logs) {
            SwfLog jobs = reader.read(log, zone);
            LogFiles.warn(err(), log, jobs.complaints());
            notes.add(RunNote.Log.of(log, jobs));
            all.add(jobs);
        }
        if (all.size() > 1) {
            checkOneMachine(all);
            err().println("offcut: " + all.size() + " logs, " + LogMerge.rule(all));
            LogMerge.longestGap(all).ifPresent(this::warnOfGap);
        }
        SwfLog merged = LogMerge.of(all);
        LogFiles.requireJobs(String.join(" or ", logs), merged);
        return merged;
    }

    /** The machine is one, and nobody would guess whose. */
    private void checkOneMachine(List<SwfLog> all) {
        Optional<String> contradiction = LogMerge.contradiction(logs, all);
        if (contradiction.isPresent() && !machine.isSaid(described)) {
            throw new OffcutException(
                    ErrorCode.USAGE,
                    "the logs are of different machines: "
                            + contradiction.get()
                            + ": simulate them one by one, or say with --procs or --nodes-file"
                            + " which machine takes all their jobs");
        }
    }

    private void warnOfGap(LogMerge.Gap gap) {
        if (gap.seconds() > SILENT_GAP_SECONDS) {
            err().printf(
                            "offcut: between %s and %s are %s of which no log tells: they count as"
                                    + " idle%n",
                            logs.get(gap.before()),
                            logs.get(gap.after()),
                            Units.counted(Math.round(gap.seconds() / 86_400.0), "day"));
        }
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

    private void checkNumbers() {
        if (rowSeconds < 1) {
            throw new OffcutException(
                    ErrorCode.USAGE, "--row-seconds is at least 1; not " + rowSeconds);
        }
        if (coreHourPrice != null && !(coreHourPrice >= 0 && coreHourPrice < 1e9)) {
            throw new OffcutException(
                    ErrorCode.USAGE, "--core-hour-price is from 0 to 1e9; not " + coreHourPrice);
        }
    }

    private ParseResult parsed() {
        return commandSpec().commandLine().getParseResult();
    }

    private void printReport() {
        if (out != null && !noReport) {
            out().printf("%nreport: %s%n", out.resolve("report.html"));
        }
    }

    private SimulationConfig config(SwfLog jobs) {
        try {
            ClusterSpec cluster = machine.cluster(jobs, described);
            machine.otherNodes(jobs.header(), cluster, described)
                    .ifPresent(what -> err().println("offcut: " + what));
            return new SimulationConfig(
                    jobs.jobs(),
                    cluster,
                    batch.config(),
                    functions.config(cluster, seed, err()),
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
