package io.offcut.executor.internal.function;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.FunctionSpec;
import io.offcut.linux.ChildProcess;
import io.offcut.linux.ProcessRef;
import io.offcut.linux.ProcessTree;
import io.offcut.linux.Program;
import io.offcut.linux.Signals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A program that is started for each invocation: input on stdin, result on stdout, the last line of
 * stderr as the message when it exits with another code than 0. It runs in a directory of its
 * worker with a clean environment. The result is what is written until everyone has closed stdout,
 * also processes that the program leaves running. Those are killed when the invocation ends,
 * however it ends; the program too when its time is over or its result too large.
 */
final class CommandFunction implements LoadedFunction {
    private static final String PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final long LAST_WORDS_NANOS = 1_000_000_000;

    private final String name;
    private final Program program;
    private final Path workDirectory;

    private CommandFunction(String name, List<String> command, Path workDirectory) {
        this.name = name;
        this.workDirectory = workDirectory;
        Map<String, String> environment =
                Map.of(
                        "PATH",
                        PATH,
                        "HOME",
                        workDirectory.toString(),
                        "TMPDIR",
                        workDirectory.toString(),
                        "LANG",
                        "C.UTF-8");
        this.program = new Program(command, environment, workDirectory);
    }

    /**
     * Finds the program: a path or a name in the bundle, else a name in the system's directories.
     */
    static CommandFunction of(FunctionSpec spec, BundleFiles bundle, Path workDirectory)
            throws MissingException {
        if (spec.command().isEmpty()) {
            throw new MissingException("it names no program");
        }
        List<String> command = new ArrayList<>(spec.command());
        command.set(0, program(command.getFirst(), bundle).toString());
        return new CommandFunction(spec.name(), command, workDirectory);
    }

    private static Path program(String word, BundleFiles bundle) throws MissingException {
        Path path = word.startsWith("/") ? Path.of(word) : bundle.find(word);
        if (path == null && !word.contains("/")) {
            for (String directory : PATH.split(":", -1)) {
                Path candidate = Path.of(directory, word);
                if (Files.isExecutable(candidate)) {
                    return candidate;
                }
            }
        }
        if (path == null || !Files.isRegularFile(path)) {
            throw new MissingException("there is no program '" + word + "'");
        }
        if (!Files.isExecutable(path)) {
            throw new MissingException("the program '" + word + "' is not executable");
        }
        return path;
    }

    @Override
    public int run(Call call) {
        try (ChildProcess child = start();
                CommandRun run = new CommandRun(child, call)) {
            CommandRun.End end = run.await(call.limitNanos());
            if (end != CommandRun.End.EXITED) {
                ProcessTree.signalAll(ProcessRef.of(child.pid()), Signals.SIGKILL);
            }
            int code = child.end(LAST_WORDS_NANOS);
            LeftRunning.kill(workDirectory);
            return switch (end) {
                case EXITED -> exited(call, code, run);
                case OVERFLOWED -> InvocationStatus.TOO_LARGE.code();
                case TIMED_OUT -> InvocationStatus.TIMED_OUT.code();
            };
        } catch (IOException e) {
            return call.fail(
                    InvocationStatus.NO_SUCH_FUNCTION,
                    "cannot start function '" + name + "': " + e.getMessage());
        }
    }

    private ChildProcess start() throws IOException {
        try {
            return program.start();
        } catch (IOException e) {
            // The first command has no folder yet, and any may have removed it.
            Files.createDirectories(workDirectory);
            return program.start();
        }
    }

    private int exited(Call call, int code, CommandRun run) {
        if (code == 0) {
            return run.resultBytes();
        }
        String last = run.lastErrorLine(LAST_WORDS_NANOS);
        return call.fail(
                InvocationStatus.FUNCTION_ERROR,
                last.isEmpty() ? "'" + name + "' exited with code " + code : last);
    }
}
