package io.offcut.cli.simulate;

import io.offcut.cli.FormatOption;
import io.offcut.cli.Quantities;
import io.offcut.cli.output.Choice;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.trace.LogFiles;
import io.offcut.core.CpuSet;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.IdlePolicy;
import io.offcut.simulator.IdleResult;
import io.offcut.simulator.IdleResultWriter;
import io.offcut.simulator.IdleSimulation;
import io.offcut.traces.idle.IdleRecord;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code offcut simulate idle}: what functions gain from idle nodes that somebody recorded. */
@Command(
        name = "idle",
        showDefaultValues = true,
        sortOptions = false,
        description = "Replays recorded idle nodes with pilot jobs and with Offcut's leases.",
        footer = {
            "",
            "Examples:",
            "  offcut simulate idle idle.csv.gz",
            "  offcut simulate idle idle.csv.gz --policy greedy-pilot --lengths 10m,1h",
            "  offcut simulate idle idle.csv.gz --policy lease --hold-off 10s --out results",
            "",
            "--out writes summary.json and idle.csv. The formats of samples and how to record",
            "your own are in docs/reference/idle-samples.md."
        })
final class SimulateIdleCommand implements Callable<Integer> {
    /** Which policies there are. */
    enum Policy {
        GREEDY_PILOT,
        LEASE
    }

    /** Of any of the times. */
    private static final Duration LONGEST = Duration.ofHours(24);

    @Spec private @Nullable CommandSpec spec;

    @Parameters(paramLabel = "SAMPLES", description = "Samples of idle nodes, plain, gzip or zstd.")
    private String samples = "";

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            split = ",",
            defaultValue = "greedy-pilot,lease",
            description = "greedy-pilot, lease or both, side by side.")
    private List<String> policyNames = List.of();

    @Option(
            names = "--lengths",
            paramLabel = "TIME",
            split = ",",
            converter = Quantities.Time.class,
            defaultValue = "2m,4m,6m,8m,14m,22m,34m,56m,90m",
            description = "greedy-pilot: how long pilots run.")
    private List<Duration> lengths = List.of();

    @Option(
            names = "--warmup",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            defaultValue = "20s",
            description = "greedy-pilot: how long each is not ready.")
    private Duration warmUp = Duration.ZERO;

    @Option(
            names = "--period",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description =
                    "greedy-pilot: times are counted in samples of this; the median time between"
                            + " samples when not given.")
    private @Nullable Duration period;

    @Option(
            names = "--hold-off",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            defaultValue = "3s",
            description = "lease: a node is offered after it was idle for so long.")
    private Duration holdOff = Duration.ZERO;

    @Option(
            names = "--start-up",
            paramLabel = "cold|pre-warmed|TIME",
            defaultValue = "cold",
            description = "lease: from the grant to the first call; 90 ms cold, 15 pre-warmed.")
    private String startUp = "";

    @Option(
            names = "--cores-per-node",
            paramLabel = "N",
            defaultValue = "1",
            description = "lease: what the scheduler places; shares do not depend on it.")
    private int coresPerNode;

    @Option(names = "--out", paramLabel = "DIR", description = "Where to write the result files.")
    private @Nullable Path out;

    @Mixin private FormatOption format = new FormatOption();

    @Override
    public Integer call() {
        if (spec == null) {
            throw new IllegalStateException("run by picocli only");
        }
        PrintWriter text = spec.commandLine().getOut();
        if (out != null) {
            ResultFolder.IDLE.requireNoOther(out);
        }
        List<Policy> chosen = chosen();
        IdleRecord record = IdleRecord.read(Path.of(samples));
        LogFiles.warn(spec.commandLine().getErr(), samples, record.complaints());
        List<IdleResult> results =
                policies(chosen, record).stream()
                        .map(policy -> IdleSimulation.run(record, policy))
                        .toList();
        if (out != null) {
            IdleResultWriter.write(record, results, out);
        }
        if (format.json()) {
            text.println(IdleResultWriter.summaryJson(record, results));
        } else {
            new IdleResultText(text, record, results).print(Terminal.detect(System.getenv()));
        }
        text.flush();
        return 0;
    }

    private List<Policy> chosen() {
        return policyNames.stream()
                .map(name -> Choice.of("--policy", Policy.class, name))
                .distinct()
                .toList();
    }

    private List<IdlePolicy> policies(List<Policy> chosen, IdleRecord record) {
        List<IdlePolicy> result = new ArrayList<>();
        for (Policy policy : chosen) {
            result.add(policy == Policy.LEASE ? leases() : pilots(record));
        }
        return result;
    }

    private IdlePolicy leases() {
        if (coresPerNode < 1 || coresPerNode > CpuSet.MAX_CPU + 1) {
            throw usage(
                    "--cores-per-node is from 1 to "
                            + (CpuSet.MAX_CPU + 1)
                            + "; not "
                            + coresPerNode);
        }
        return new IdlePolicy.Lease(
                millis("--hold-off", holdOff, 1), millis("--start-up", startUp(), 0), coresPerNode);
    }

    private IdlePolicy pilots(IdleRecord record) {
        long periodMillis =
                period == null ? record.medianGapMillis() : millis("--period", period, 1);
        return new IdlePolicy.GreedyPilot(
                lengths.stream()
                        .map(length -> inSamples(millis("--lengths", length, 1), periodMillis))
                        .toList(),
                inSamples(millis("--warmup", warmUp, 0), periodMillis));
    }

    private static long millis(String option, Duration time, long least) {
        if (time.compareTo(Duration.ofMillis(least)) < 0 || time.compareTo(LONGEST) > 0) {
            throw usage(
                    option
                            + (least > 0 ? " is above 0 and" : " is")
                            + " at most "
                            + LONGEST.toHours()
                            + "h");
        }
        return time.toMillis();
    }

    private static OffcutException usage(String what) {
        return new OffcutException(ErrorCode.USAGE, what);
    }

    /** As many as are needed. */
    private static int inSamples(long millis, long periodMillis) {
        return (int) Math.ceilDiv(millis, periodMillis);
    }

    private Duration startUp() {
        return switch (startUp) {
            case "cold" -> Duration.ofMillis(IdlePolicy.Lease.COLD_START_MILLIS);
            case "pre-warmed" -> Duration.ofMillis(IdlePolicy.Lease.PRE_WARMED_START_MILLIS);
            default -> {
                try {
                    yield new Quantities.Time().convert(startUp);
                } catch (TypeConversionException e) {
                    throw new OffcutException(
                            ErrorCode.USAGE,
                            "--start-up is cold, pre-warmed or a time, as 200ms; not '"
                                    + startUp
                                    + "'",
                            e);
                }
            }
        };
    }
}
