package io.offcut.cli;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.FunctionConfig;
import io.offcut.simulator.ResultWriter;
import io.offcut.simulator.Simulation;
import io.offcut.simulator.SimulationConfig;
import io.offcut.simulator.SimulationResult;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.traces.SwfLog;
import java.io.Console;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code offcut simulate}: what a cluster would gain, from its own job log. */
@Command(
        name = "simulate",
        showDefaultValues = true,
        sortOptions = false,
        customSynopsis = "offcut simulate LOG [OPTIONS]",
        description = "Simulates functions on the cores that the jobs of a log leave idle.",
        footer = {
            "",
            "Examples:",
            "  offcut simulate sample",
            "  offcut simulate KTH-SP2-1996-2.swf.gz --scheduler recorded --out results",
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

    /** What asks for workers. */
    enum LoadKind {
        STANDING,
        POISSON,
        NONE
    }

    /** The machine, where the log's header does not tell or is not believed. */
    static final class Machine {
        @Option(names = "--procs", paramLabel = "N", description = "Cores of the machine.")
        @Nullable Integer procs;

        @Option(names = "--cores-per-node", paramLabel = "N", description = "Cores of a node.")
        @Nullable Integer coresPerNode;

        @Option(
                names = "--node-memory-mib",
                paramLabel = "MIB",
                description = "Memory of a node; 4096 for each core when not given.")
        @Nullable Long nodeMemoryMib;

        ClusterSpec cluster(SwfLog log) {
            ClusterSpec spec =
                    ClusterSpec.fromHeader(
                            log.header(),
                            positive("--procs", procs),
                            positive("--cores-per-node", coresPerNode));
            return nodeMemoryMib == null
                    ? spec
                    : new ClusterSpec(spec.cores(), spec.coresPerNode(), nodeMemoryMib << 20);
        }

        private static int positive(String name, @Nullable Integer value) {
            if (value != null && value < 1) {
                throw new OffcutException(ErrorCode.USAGE, name + " must be at least 1");
            }
            return value == null ? 0 : value;
        }
    }

    /** How jobs are scheduled. */
    static final class Batch {
        @Option(
                names = "--scheduler",
                paramLabel = "NAME",
                defaultValue = "easy",
                description = "recorded, fcfs, easy or easy-instant.")
        String scheduler = "";

        @Option(
                names = "--estimates",
                paramLabel = "KIND",
                defaultValue = "requested",
                description = "What the scheduler takes for the run time: requested or exact.")
        String estimates = "";

        @Option(
                names = "--allocation",
                paramLabel = "cores|nodes",
                defaultValue = "cores",
                description = "What a job holds: its cores, or whole nodes.")
        String allocation = "";

        BatchConfig config() {
            return new BatchConfig(
                    choice("--scheduler", Scheduler.class, scheduler),
                    choice("--estimates", Estimates.class, estimates),
                    choice("--allocation", Allocation.class, allocation));
        }
    }

    /** What runs on the idle cores. */
    static final class Functions {
        @Option(
                names = "--load",
                paramLabel = "KIND",
                defaultValue = "standing",
                description = "standing (as much as fits), poisson (requests at random) or none.")
        String load = "";

        @Option(
                names = "--hold-off-seconds",
                paramLabel = "S",
                defaultValue = "10",
                description = "A core is offered after it was idle for so long.")
        double holdOffSeconds;

        @Option(
                names = "--start-up-millis",
                paramLabel = "MS",
                defaultValue = "500",
                description = "From the grant of a lease to its first useful work.")
        long startUpMillis;

        @Option(
                names = "--worker-memory-mib",
                paramLabel = "MIB",
                defaultValue = "256",
                description = "Memory of a worker.")
        long workerMemoryMib;

        @Option(
                names = "--offer-underused",
                description =
                        "Offer also cores that a job holds and does not compute on; the node"
                                + " daemon does not.")
        boolean offerUnderused;

        @Option(
                names = "--requests-per-hour",
                paramLabel = "N",
                defaultValue = "60",
                description = "poisson: mean rate of requests.")
        double requestsPerHour;

        @Option(
                names = "--workers",
                paramLabel = "N",
                defaultValue = "16",
                description = "poisson: workers of a request.")
        int workers;

        @Option(
                names = "--work-seconds",
                paramLabel = "S",
                defaultValue = "300",
                description = "poisson: mean work of a worker.")
        double workSeconds;

        @Option(
                names = "--patience-seconds",
                paramLabel = "S",
                defaultValue = "600",
                description = "poisson: a request that waits longer gives up.")
        long patienceSeconds;

        FunctionConfig config() {
            FunctionConfig.Load model =
                    switch (choice("--load", LoadKind.class, load)) {
                        case NONE -> new FunctionConfig.Load.None();
                        case STANDING -> new FunctionConfig.Load.Standing();
                        case POISSON ->
                                new FunctionConfig.Load.Poisson(
                                        requestsPerHour, workers, workSeconds, patienceSeconds);
                    };
            return new FunctionConfig(
                    model,
                    Math.round(holdOffSeconds * 1000),
                    startUpMillis,
                    workerMemoryMib << 20,
                    offerUnderused);
        }
    }

    @Spec private @Nullable CommandSpec spec;

    @Parameters(
            paramLabel = "LOG",
            showDefaultValue = Help.Visibility.NEVER,
            description = "Job log, or 'sample'.")
    private String log = "";

    @ArgGroup(exclusive = false, heading = "%nThe machine (from the log's header unless given):%n")
    private Machine machine = new Machine();

    @ArgGroup(exclusive = false, heading = "%nBatch jobs:%n")
    private Batch batch = new Batch();

    @ArgGroup(exclusive = false, heading = "%nFunctions:%n")
    private Functions functions = new Functions();

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

    @Override
    public Integer call() {
        Format shown = choice("--format", Format.class, format);
        SwfLog jobs = TraceCommand.readLog(log);
        TraceCommand.warn(err(), log, jobs.complaints());
        SimulationConfig config = config(jobs);
        SimulationResult result = Simulation.run(config, progress());
        if (out != null) {
            ResultWriter.write(result, out);
        }
        if (shown == Format.JSON) {
            out().println(ResultWriter.summaryJson(result));
        } else {
            print(result);
        }
        out().flush();
        return 0;
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

    private void print(SimulationResult result) {
        ClusterSpec cluster = result.config().cluster();
        Cores cores = result.cores();
        out().printf(
                        Locale.ROOT,
                        "%d jobs on %d nodes of %d cores, %.1f days, scheduler %s, jobs hold %s%n",
                        result.batch().jobs(),
                        cluster.nodes(),
                        cluster.coresPerNode(),
                        cores.spanSeconds() / 86_400,
                        name(result.config().batch().scheduler()),
                        name(result.config().batch().allocation()));
        printOmissions(result.batch());
        if (result.config().functions().offerUnderused()) {
            out().println("with --offer-underused: cores that jobs hold and do not compute on are");
            out().println("offered too, which the node daemon does not do");
        }
        out().printf(Locale.ROOT, "%n%-34s %14s %14s%n", "", "batch alone", "with functions");
        out().printf(
                        Locale.ROOT,
                        "%-34s %13.2f%% %13.2f%%%n",
                        "utilisation",
                        100 * cores.utilization(),
                        100 * cores.utilizationWithFunctions());
        out().printf(Locale.ROOT, "%n%-34s %14s %14s%n", "", "core-hours", "of capacity");
        coreLine("capacity", cores.capacity(), cores);
        coreLine("jobs compute", cores.job(), cores);
        coreLine("jobs hold", cores.allocated(), cores);
        coreLine("idle", cores.idle(), cores);
        coreLine("offered", cores.offered(), cores);
        coreLine("leased", cores.leased(), cores);
        coreLine("harvested", cores.harvested(), cores);
        out().printf(
                        Locale.ROOT,
                        "%n%-34s %14.1f%n",
                        "mean wait, s",
                        result.batch().meanWaitSeconds());
        out().printf(
                        Locale.ROOT,
                        "%-34s %14.2f%n",
                        "mean bounded slowdown",
                        result.batch().meanBoundedSlowdown());
        out().printf(
                        Locale.ROOT,
                        "%-34s %14d%n",
                        "backfilled jobs",
                        result.batch().backfilledJobs());
        printFunctions(result);
    }

    private void printOmissions(SimulationResult.Batch jobs) {
        if (jobs.unknownJobs() + jobs.tooLargeJobs() + jobs.clippedJobs() > 0) {
            out().printf(
                            Locale.ROOT,
                            "%d jobs left out as incomplete, %d as too large; %d got fewer cores than recorded%n",
                            jobs.unknownJobs(),
                            jobs.tooLargeJobs(),
                            jobs.clippedJobs());
        }
    }

    private void printFunctions(SimulationResult result) {
        SimulationResult.Functions counts = result.functions();
        if (counts != null) {
            out().printf(Locale.ROOT, "%-34s %14d%n", "leases", counts.leases());
            out().printf(Locale.ROOT, "%-34s %14d%n", "reclaims", counts.reclaims());
            out().printf(Locale.ROOT, "%-34s %14.1f%n", "mean lease, s", counts.meanLeaseSeconds());
            out().printf(
                            Locale.ROOT,
                            "%-34s %13.2f%%%n",
                            "of idle time harvested",
                            100 * counts.harvestedShareOfIdle());
        }
        if (counts != null && counts.requests() > 1) {
            out().printf(Locale.ROOT, "%-34s %14d%n", "requests", counts.requests());
            out().printf(
                            Locale.ROOT,
                            "%-34s %14d%n",
                            "requests that gave up",
                            counts.timedOutRequests());
        }
        SimulationResult.Gains gains = result.gains();
        if (gains != null) {
            out().printf(
                            Locale.ROOT,
                            "%-34s %13.2f%%%n",
                            "gain over whole-node allocation",
                            100 * gains.overWholeNodes());
            out().printf(
                            Locale.ROOT,
                            "%-34s %13.2f%%%n",
                            "gain over ideal node sharing",
                            100 * gains.overIdealSharing());
        }
    }

    private void coreLine(String label, double coreSeconds, Cores cores) {
        out().printf(
                        Locale.ROOT,
                        "%-34s %14.1f %13.2f%%%n",
                        label,
                        coreSeconds / 3600,
                        100 * coreSeconds / Math.max(1, cores.capacity()));
    }

    /** One of the values of an option, as it is written on the command line. */
    static <E extends Enum<E>> E choice(String option, Class<E> type, String text) {
        List<String> names = new ArrayList<>();
        for (E value : type.getEnumConstants()) {
            if (name(value).equalsIgnoreCase(text)) {
                return value;
            }
            names.add(name(value));
        }
        throw new OffcutException(
                ErrorCode.USAGE,
                option + " is " + String.join(", ", names) + "; not '" + text + "'");
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
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
