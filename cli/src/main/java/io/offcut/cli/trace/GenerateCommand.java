package io.offcut.cli.trace;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code offcut trace generate}. */
@Command(
        name = "generate",
        description = "Makes synthetic traces; one seed, the same bytes.",
        subcommands = {
            GenerateJobsCommand.class,
            GenerateIdleCommand.class,
            GenerateFunctionsCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  offcut trace generate jobs --jobs 5000 --procs 512 --nodes 16 --out made.swf",
            "  offcut trace generate idle --lengths piz-daint --out idle.csv.gz",
            "  offcut trace generate functions --days 2 --out calls.csv.gz"
        })
final class GenerateCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        Specs.require(spec).commandLine().usage(Specs.out(spec));
    }
}
