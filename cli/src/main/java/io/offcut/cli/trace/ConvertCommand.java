package io.offcut.cli.trace;

import io.offcut.traces.SwfLog;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code offcut trace convert}. */
@Command(
        name = "convert",
        description = {
            "Writes a job log in another format.",
            "SWF has numbers instead of names; CSV has names and nodes too."
        },
        footer = {
            "",
            "Examples:",
            "  offcut trace convert jobs.txt --time-zone Europe/Berlin --out jobs.swf.zst",
            "  offcut trace convert torque_acct.gz --out jobs.csv"
        })
final class ConvertCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;
    @Mixin private InputOptions input = new InputOptions();
    @Mixin private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        SwfLog log = input.read();
        LogFiles.warn(Specs.err(spec), input.log, log.complaints());
        output.write(log, Specs.out(spec), "");
        return 0;
    }
}
