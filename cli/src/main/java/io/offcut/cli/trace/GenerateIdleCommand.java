package io.offcut.cli.trace;

import io.offcut.cli.Quantities;
import io.offcut.cli.output.Choice;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.JobTraceModel;
import io.offcut.traces.QuantileCurve;
import io.offcut.traces.idle.IdleTraceGenerator;
import io.offcut.traces.idle.IdleTraceModel;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace generate idle}. */
@Command(
        name = "idle",
        showDefaultValues = true,
        sortOptions = false,
        description = "Makes samples of idle nodes, for 'trace idle' and 'simulate idle'.",
        footer = {
            "",
            "Example:",
            "  offcut trace generate idle --lengths piz-daint --mean-idle 400 --nodes 7241 \\",
            "      --out idle.csv.gz"
        })
final class GenerateIdleCommand implements Callable<Integer> {
    private enum Lengths {
        PROMETHEUS,
        PIZ_DAINT
    }

    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--lengths",
            paramLabel = "prometheus|piz-daint",
            defaultValue = "prometheus",
            description = "Whose idle times: how long nodes stay idle.")
    private String lengths = "";

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "500",
            description = "Nodes of the machine.")
    private int nodes;

    @Option(
            names = "--mean-idle",
            paramLabel = "X",
            defaultValue = "11.85",
            description = "Idle nodes at a time; Prometheus had 11.85, Piz Daint 409.5.")
    private double meanIdle;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "1d",
            converter = Quantities.Time.class,
            description = "How long the samples go on.")
    private Duration duration = Duration.ZERO;

    @Option(
            names = "--period",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = Quantities.Time.class,
            description = "Between two samples; whole seconds.")
    private Duration period = Duration.ZERO;

    @Mixin private MadeFile made = new MadeFile();

    @Override
    public Integer call() {
        IdleTraceModel model = model();
        made.write(
                out -> IdleTraceGenerator.write(model, made.seed, out),
                Specs.out(spec),
                model.samples() + " samples");
        return 0;
    }

    private IdleTraceModel model() {
        QuantileCurve curve =
                Choice.of("--lengths", Lengths.class, lengths) == Lengths.PROMETHEUS
                        ? IdleTraceModel.PROMETHEUS
                        : IdleTraceModel.PIZ_DAINT;
        try {
            return new IdleTraceModel(
                    curve,
                    nodes,
                    meanIdle,
                    Math.toIntExact(period.toSeconds()),
                    Math.toIntExact(duration.toSeconds() / Math.max(1, period.toSeconds())),
                    JobTraceModel.SAMPLE_256.unixStartTimeSeconds());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new OffcutException(ErrorCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }
}
