package io.offcut.cli.trace;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.FunctionTrace;
import io.offcut.traces.FunctionTraceGenerator;
import io.offcut.traces.FunctionTraceModel;
import io.offcut.traces.FunctionTraceWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace generate functions}. */
@Command(
        name = "functions",
        showDefaultValues = true,
        sortOptions = false,
        description = {
            "Makes calls of functions with a daily pattern and bursts.",
            "Defaults are those of 1,350 functions of Azure in 2019."
        },
        footer = {
            "",
            "Example:",
            "  offcut trace generate functions --functions 200 --calls-per-day 1e6 \\",
            "      --out calls.csv.gz"
        })
final class GenerateFunctionsCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--functions",
            paramLabel = "N",
            defaultValue = "1350",
            description = "How many functions.")
    private int functions;

    @Option(
            names = "--calls-per-day",
            paramLabel = "X",
            defaultValue = "927272",
            description = "Of all functions together, on average.")
    private double callsPerDay;

    @Option(names = "--days", paramLabel = "N", defaultValue = "1", description = "How long.")
    private int days;

    @Option(
            names = "--daily-swing",
            paramLabel = "X",
            defaultValue = "0.17",
            description = "How much of the rate follows the time of day, 0 to 1.")
    private double dailySwing;

    @Option(
            names = "--burst",
            paramLabel = "X",
            defaultValue = "3",
            description = "Calls that arrive together, on average.")
    private double burst;

    @Mixin private MadeFile made = new MadeFile();

    @Override
    public Integer call() {
        FunctionTrace trace = FunctionTraceGenerator.generate(model(), made.seed);
        made.write(
                out -> FunctionTraceWriter.write(out, trace),
                Specs.out(spec),
                trace.calls() + " calls");
        return 0;
    }

    private FunctionTraceModel model() {
        try {
            return new FunctionTraceModel(functions, callsPerDay, days, dailySwing, burst);
        } catch (IllegalArgumentException e) {
            throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }
}
