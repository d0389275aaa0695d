package io.offcut.cli.trace;

import io.offcut.cli.FormatOption;
import io.offcut.cli.output.JsonOut;
import io.offcut.cli.output.Terminal;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfLog.Window;
import io.offcut.traces.analysis.LogSummary;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code offcut trace info}. */
@Command(
        name = "info",
        description = {
            "Says what is in a job log.",
            "That is the machine, what jobs held of it and used, how long what they left stayed"
                    + " idle, and which values are missing or not to be believed."
        },
        footer = {
            "",
            "Examples:",
            "  offcut trace info sample",
            "  offcut trace info jobs.txt --procs 4096 --from 2026-01-01 --to 2026-02-01"
        })
final class InfoCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;
    @Mixin private InputOptions input = new InputOptions();

    @Option(
            names = "--procs",
            paramLabel = "N",
            description = "Cores of the machine, where the log does not tell or is not believed.")
    private @Nullable Long procs;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            description =
                    "Looks at the machine from then on: 2014-06-01, 2014-06-01T12:00 or seconds.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "Looks at it until then.")
    private @Nullable String to;

    @Mixin private FormatOption format = new FormatOption();

    @Override
    public Integer call() {
        if (procs != null && procs < 1) {
            throw new OffcutException(ErrorCode.USAGE, "--procs is at least 1; not " + procs);
        }
        SwfLog log = input.read();
        LogSummary summary = LogSummary.of(log, procs == null ? 0 : procs, window(log));
        PrintWriter out = Specs.out(spec);
        if (format.json()) {
            out.println(JsonOut.text(InfoJson.of(input.log, log, summary)));
        } else {
            new InfoText(out, Terminal.detect(System.getenv())).print(input.log, log, summary);
        }
        out.flush();
        return 0;
    }

    private @Nullable Window window(SwfLog log) {
        if (from == null && to == null) {
            return null;
        }
        Window all = LogSummary.of(log, 0, null).window();
        long begin = from == null ? all.fromSeconds() : input.seconds("--from", from, log);
        long end = to == null ? all.toSeconds() : input.seconds("--to", to, log);
        if (end <= begin) {
            throw new OffcutException(ErrorCode.USAGE, "--to must be after --from");
        }
        return new Window(begin, end);
    }
}
