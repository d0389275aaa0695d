package io.offcut.cli.trace;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code offcut trace}: job logs looked at, changed and made. */
@Command(
        name = "trace",
        description = "Looks at job logs, makes others from them, and makes synthetic ones.",
        subcommands = {
            InfoCommand.class,
            ConvertCommand.class,
            FilterCommand.class,
            SampleCommand.class,
            AnonymizeCommand.class,
            TraceIdleCommand.class,
            GenerateCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  offcut trace info site.swf.gz",
            "  sacct -P -a -S 2026-01-01 -o ALL > jobs.txt; offcut trace info jobs.txt",
            "  offcut trace generate jobs --jobs 5000 --procs 512 --nodes 16 --out made.swf"
        })
public final class TraceCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        Specs.require(spec).commandLine().usage(Specs.out(spec));
    }
}
