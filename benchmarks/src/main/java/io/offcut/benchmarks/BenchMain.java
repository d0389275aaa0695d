package io.offcut.benchmarks;

import io.offcut.benchmarks.colocation.ColocationCommand;
import io.offcut.benchmarks.invoke.InvokeCommand;
import io.offcut.benchmarks.invoke.MemoryCommand;
import io.offcut.benchmarks.pilot.PilotBenchCommand;
import io.offcut.benchmarks.sensing.SensingCommand;
import io.offcut.benchmarks.simulate.SimulateBenchCommand;
import io.offcut.benchmarks.slurm.LaunchCommand;
import io.offcut.benchmarks.slurm.ReclaimCommand;
import io.offcut.cli.Main;
import picocli.CommandLine.Command;

/** {@code offcut bench}: the command line with the measurements beside the other commands. */
public final class BenchMain {
    private BenchMain() {}

    public static void main(String[] args) {
        System.exit(Main.run(BenchCommand.class, args));
    }

    @Command(
            name = "bench",
            description = "Measures Offcut beside the bare mechanisms below it.",
            synopsisSubcommandLabel = "COMMAND",
            subcommands = {
                InvokeCommand.class,
                MemoryCommand.class,
                ReclaimCommand.class,
                LaunchCommand.class,
                PilotBenchCommand.class,
                ColocationCommand.class,
                SensingCommand.class,
                SimulateBenchCommand.class,
                PartsCommand.class,
                StressCommand.class
            },
            footerHeading = "%nExample:%n",
            footer = "  offcut bench invoke")
    static final class BenchCommand {}
}
