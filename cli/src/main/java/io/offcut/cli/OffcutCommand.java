package io.offcut.cli;

import io.offcut.cli.demo.DemoCommand;
import io.offcut.cli.simulate.SimulateCommand;
import io.offcut.cli.trace.TraceCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root of all commands. */
@Command(
        name = "offcut",
        description = "Runs short functions on the cores and memory that batch jobs leave idle.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DemoCommand.class,
            SchedulerCommand.class,
            NodeCommand.class,
            FunctionCommand.class,
            LeaseCommand.class,
            InvokeCommand.class,
            MapCommand.class,
            NodesCommand.class,
            TopCommand.class,
            PilotCommand.class,
            SlurmCommand.class,
            SlurmClusterCommand.class,
            SimulateCommand.class,
            TraceCommand.class,
            VersionCommand.class,
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  offcut map --function gzip --out packed *.txt",
            "",
            "Exit codes: 0 done, 1 some items failed, 2 usage, 3 unreachable, 4 nothing free,",
            "  5 not found, 6 not permitted, 7 bad input, 8 conflict, 9 out of resources,",
            "  10 the function failed, 11 wrong version, 70 a defect of Offcut."
        })
final class OffcutCommand {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Shows this help.")
    boolean help;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Tells more, and shows stack traces of errors.")
    boolean verbose;
}
