package io.offcut.cli;

import io.offcut.cli.output.StandardOutput.ReaderGone;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The one command {@code offcut}. */
public final class Main {
    /** The least that picocli accepts. */
    private static final int MIN_HELP_COLUMNS = 55;

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(Io.system(), args));
    }

    /**
     * Runs one command line of this process, with one more command than there is here.
     *
     * @return as {@link #run(Io, String...)}
     */
    public static int run(Class<?> more, String... args) {
        Io io = Io.system();
        try {
            CommandLine commands = commandLine(io);
            commands.addSubcommand(new CommandLine(more, new Factory(io)));
            // Settings do not reach what is added later.
            int code = configured(commands, io, commands.getCommand()).execute(args);
            io.out().flush();
            return code;
        } catch (ReaderGone e) {
            return ReaderGone.EXIT_CODE;
        }
    }

    /**
     * Runs one command line in this process.
     *
     * @return the exit code: 0, that of the {@link ErrorCode}, or that of {@link ReaderGone}
     */
    public static int run(Io io, String... args) {
        try {
            int code = commandLine(io, args).execute(args);
            // A stream that prints tells of a failure only when asked; the question flushes it.
            if (io.out().checkError() && code == 0) {
                io.say("stdout: cannot be written: check the disk's room");
                return ErrorCode.EXHAUSTED.exitCode();
            }
            return code;
        } catch (ReaderGone e) {
            return ReaderGone.EXIT_CODE;
        }
    }

    /** All commands, or of those below the root only the one that these arguments begin with. */
    static CommandLine commandLine(Io io, String... args) {
        // No option is of these types; to find their methods takes longer than many a command.
        System.setProperty("picocli.converters.excludes", "java.sql.*,java.time.[^D].*");
        OffcutCommand root = new OffcutCommand();
        Factory factory = new Factory(io);
        CommandLine commands = new CommandLine(root, factory);
        for (Class<?> command : OffcutCommand.commandsFor(args)) {
            CommandLine line = new CommandLine(command, factory);
            for (Class<?> below : OffcutCommand.commandsBelow(command, args)) {
                line.addSubcommand(new CommandLine(below, factory));
            }
            commands.addSubcommand(line);
        }
        return configured(commands, io, root);
    }

    private static CommandLine configured(CommandLine commands, Io io, OffcutCommand root) {
        commands.setOut(new PrintWriter(io.out(), true, io.out().charset()));
        commands.setErr(new PrintWriter(io.err(), true, io.err().charset()));
        Quantities.explainNumbers(commands);
        commands.setCaseInsensitiveEnumValuesAllowed(true);
        commands.setUsageHelpWidth(Math.clamp(io.terminal().columns(), MIN_HELP_COLUMNS, 100));
        commands.setUsageHelpLongOptionsMaxWidth(28);
        commands.setDefaultValueProvider(new JobDefaults(io.config()));
        commands.setExecutionStrategy(result -> execute(root, result));
        commands.setParameterExceptionHandler((e, _) -> usage(io, root, e));
        commands.setExecutionExceptionHandler((e, _, _) -> failed(io, root, e));
        return commands;
    }

    private static int execute(OffcutCommand root, ParseResult result) {
        ParseResult last = result;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        Object command = last.commandSpec().userObject();
        boolean daemon =
                command instanceof SchedulerCommand
                        || command instanceof NodeCommand
                        || command instanceof PilotCommand.Run;
        Logging.level(daemon, root.verbose);
        return new CommandLine.RunLast().execute(result);
    }

    private static int usage(Io io, OffcutCommand root, ParameterException e) {
        CommandLine where = e.getCommandLine();
        String help = where.getCommandSpec().qualifiedName(" ") + " --help";
        String message = oneLine(Mistyped.explained(e));
        String variable = JobDefaults.variable(e.getArgSpec());
        if (variable != null && Objects.equals(e.getValue(), io.config().variable(variable))) {
            message = variable + ": " + message;
        }
        if (!message.contains("--help")) {
            message += ": see '" + help + "'";
        }
        return report(io, root, ErrorCode.USAGE, message, e);
    }

    private static int failed(Io io, OffcutCommand root, Exception e) {
        if (e instanceof ReaderGone) {
            return ReaderGone.EXIT_CODE;
        }
        if (e instanceof OffcutException known) {
            return report(io, root, known.code(), oneLine(known.getMessage()), e);
        }
        String what =
                "defect: " + oneLine(e.toString()) + ": run again with --verbose and report it";
        return report(io, root, ErrorCode.INTERNAL, what, e);
    }

    private static int report(
            Io io, OffcutCommand root, ErrorCode code, String message, Exception e) {
        io.out().flush();
        io.say(message);
        if (root.verbose) {
            e.printStackTrace(io.err());
        }
        return code.exitCode();
    }

    private static String oneLine(@Nullable String text) {
        return text == null ? "" : text.replaceAll("\\s*\\R\\s*", " ").strip();
    }

    /** Makes commands, with the {@link Io} for those that want it. */
    private record Factory(Io io) implements IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            try {
                Constructor<K> withIo = type.getDeclaredConstructor(Io.class);
                return withIo.newInstance(io);
            } catch (NoSuchMethodException e) {
                return CommandLine.defaultFactory().create(type);
            }
        }
    }
}
