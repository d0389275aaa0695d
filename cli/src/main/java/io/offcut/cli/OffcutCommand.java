package io.offcut.cli;

import io.offcut.cli.demo.DemoCommand;
import io.offcut.cli.simulate.SimulateCommand;
import io.offcut.cli.trace.TraceCommand;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root of all commands. */
@Command(
        name = "offcut",
        description = "Runs short functions on the cores and memory that batch jobs leave idle.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExample:%n",
        footer = {
            "  offcut map --function gzip --out packed *.txt",
            "",
            "Exit codes: 0 done, 1 some items failed, 2 usage, 3 unreachable, 4 nothing free,",
            "  5 not found, 6 not permitted, 7 bad input, 8 conflict, 9 out of resources,",
            "  10 the function failed, 11 wrong version, 70 a defect of Offcut,",
            "  141 nobody reads the output any more, as behind '| head'."
        })
final class OffcutCommand {
    /** By name, in the order of the help. */
    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("demo", DemoCommand.class);
        COMMANDS.put("scheduler", SchedulerCommand.class);
        COMMANDS.put("node", NodeCommand.class);
        COMMANDS.put("function", FunctionCommand.class);
        COMMANDS.put("lease", LeaseCommand.class);
        COMMANDS.put("invoke", InvokeCommand.class);
        COMMANDS.put("map", MapCommand.class);
        COMMANDS.put("nodes", NodesCommand.class);
        COMMANDS.put("top", TopCommand.class);
        COMMANDS.put("pilot", PilotCommand.class);
        COMMANDS.put("rdma", RdmaCommand.class);
        COMMANDS.put("slurm", SlurmCommand.class);
        COMMANDS.put("slurm-cluster", SlurmClusterCommand.class);
        COMMANDS.put("simulate", SimulateCommand.class);
        COMMANDS.put("trace", TraceCommand.class);
        COMMANDS.put("version", VersionCommand.class);
    }

    /**
     * The commands below it that a command line can mean: the one it begins with, or all. Each of
     * them takes some milliseconds to set up.
     */
    static Collection<Class<?>> commandsFor(String... arguments) {
        Class<?> named = arguments.length == 0 ? null : COMMANDS.get(arguments[0]);
        return named == null ? COMMANDS.values() : List.of(named);
    }

    /** Commands below one of these that its annotation does not name. */
    static Collection<Class<?>> commandsBelow(Class<?> command, String... arguments) {
        return command == SimulateCommand.class
                ? SimulateCommand.commandsFor(arguments)
                : List.of();
    }

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
