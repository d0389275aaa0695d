package io.offcut.cli.simulate.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.cli.Io;
import io.offcut.cli.Mistyped;
import io.offcut.cli.Quantities;
import io.offcut.cli.output.Terminal;
import io.offcut.cli.simulate.SimulateCommand;
import io.offcut.cli.simulate.figures.ResultJson;
import io.offcut.cli.simulate.figures.Summary;
import io.offcut.cli.trace.LogFiles;
import io.offcut.client.config.ConfigLoader;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * One {@code offcut simulate} within this process: the very command, whatever options it has, with
 * what it would print for scripts as its result.
 */
final class SimulateRun {
    private static final String SEED = "--seed";

    /** All fields are known, so that no option misses one. */
    private static final String STAND_IN =
            """
            ; MaxProcs: 1024
            ; MaxNodes: 1
            1 0 0 1 1 1 1000 1 10 2000 1 1 1 1 1 1 -1 -1
            2 1 0 1 1 1 1000 1 10 2000 1 1 1 1 1 1 -1 -1
            """;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final CommandLine line;

    private SimulateRun(LogFiles.Reader logs) {
        Io io = quiet(printed);
        IFactory factory = new WithIo(io);
        line = new CommandLine(new SimulateCommand(io, logs), factory);
        for (Class<?> below : SimulateCommand.commandsFor()) {
            line.addSubcommand(new CommandLine(below, factory));
        }
        Quantities.explainNumbers(line);
        line.setOut(new PrintWriter(printed, true, StandardCharsets.UTF_8));
        // Progress of single runs, and complaints that are told once.
        line.setErr(new PrintWriter(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8));
    }

    private static Io quiet(OutputStream printed) {
        return new Io(
                InputStream.nullInputStream(),
                new PrintStream(printed, true, StandardCharsets.UTF_8),
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                Terminal.NONE,
                ConfigLoader.system());
    }

    /** Makes subcommands that want an {@link Io} with this one. */
    private record WithIo(Io io) implements IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            try {
                return type.getConstructor(Io.class).newInstance(io);
            } catch (NoSuchMethodException e) {
                return CommandLine.defaultFactory().create(type);
            }
        }
    }

    /**
     * Simulates.
     *
     * @param logs reads a log by its name
     * @param words of a command line, without a seed
     * @return its {@code summary.json}
     * @throws OffcutException {@link ErrorCode#USAGE} if the command line is wrong, and whatever
     *     the simulation refuses
     */
    static JsonNode run(LogFiles.Reader logs, List<String> words, long seed) {
        List<String> all = new ArrayList<>(words);
        if (takesSeed(words)) {
            all.add(SEED + "=" + seed);
        }
        all.add("--format=json");
        SimulateRun run = new SimulateRun(logs);
        run.call(all);
        return ResultJson.parse(run.printed.toByteArray());
    }

    /**
     * Simulates two seconds of a machine with two jobs instead of the log, which need only be
     * there: so all is refused that cannot be right whatever the log says. Samples of idle nodes
     * have no stand-in, and are not simulated.
     *
     * @return names of the figures that come out; empty of idle nodes
     * @throws OffcutException if the command line cannot be right
     */
    static Set<String> check(List<String> words) {
        if (!(specOf(words).userObject() instanceof SimulateCommand)) {
            return Set.of();
        }
        return Summary.of(run(SimulateRun::standIn, words, 1)).figures().keySet();
    }

    private static SwfLog standIn(String name, ZoneId zone) {
        LogFiles.requireReadable(name);
        byte[] text = STAND_IN.getBytes(StandardCharsets.US_ASCII);
        try (SwfReader reader = new SwfReader(new ByteArrayInputStream(text), name)) {
            return reader.readAll();
        }
    }

    private static boolean takesSeed(List<String> words) {
        return specOf(words).findOption(SEED) != null;
    }

    private static CommandSpec specOf(List<String> words) {
        return new SimulateRun(
                        (_, _) -> {
                            throw new IllegalStateException(
                                    "a log is read only when it is simulated");
                        })
                .parsed(words);
    }

    private CommandSpec parsed(List<String> words) {
        try {
            ParseResult result = line.parseArgs(words.toArray(String[]::new));
            while (result.hasSubcommand()) {
                result = result.subcommand();
            }
            if (result.commandSpec().userObject() instanceof SweepCommand) {
                throw usage("a sweep of sweeps", null);
            }
            return result.commandSpec();
        } catch (ParameterException e) {
            throw usage(Mistyped.explained(e), e);
        }
    }

    private void call(List<String> words) {
        Object command = parsed(words).userObject();
        try {
            Object code = ((Callable<?>) command).call();
            if (!Objects.equals(code, 0)) {
                throw new OffcutException(
                        ErrorCode.INTERNAL, "a simulation ended with code " + code);
            }
        } catch (ParameterException e) {
            throw usage(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new OffcutException(ErrorCode.INTERNAL, "a simulation failed: " + e, e);
        }
    }

    private static OffcutException usage(String why, @Nullable Exception e) {
        return new OffcutException(
                ErrorCode.USAGE, "sweep: " + why + ": see 'offcut simulate --help'", e);
    }
}
