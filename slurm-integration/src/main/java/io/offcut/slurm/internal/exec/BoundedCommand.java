package io.offcut.slurm.internal.exec;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.CommandResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.commons.exec.CommandLine;
import org.apache.commons.exec.DefaultExecuteResultHandler;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ExecuteException;
import org.apache.commons.exec.ProcessDestroyer;
import org.apache.commons.exec.PumpStreamHandler;
import org.jspecify.annotations.Nullable;

/**
 * Runs one program with a limit on its time and on what is kept of its output. Never waits longer
 * than the time given plus {@link #GRACE}; a program that overstays is killed.
 *
 * <p>Safe for any thread; each run is independent.
 */
public final class BoundedCommand {
    /** What is kept of each output stream when it is wanted as text. */
    public static final int MAX_TEXT_BYTES = 4 << 20;

    /** How long a killed program may take to be gone. */
    public static final Duration GRACE = Duration.ofSeconds(1);

    private static final Duration PUMP_STOP = Duration.ofMillis(500);

    private BoundedCommand() {}

    /** Runs the program and returns what it wrote. */
    public static CommandResult run(
            List<String> command,
            Map<String, String> environment,
            @Nullable Path directory,
            Duration timeout) {
        BoundedBuffer output = new BoundedBuffer(MAX_TEXT_BYTES);
        return run(command, environment, directory, timeout, output, output::text);
    }

    /**
     * Runs the program and hands over each line it writes, while it runs, on another thread.
     *
     * @param maxLineBytes longer lines are cut
     */
    public static CommandResult runLines(
            List<String> command,
            Map<String, String> environment,
            Duration timeout,
            int maxLineBytes,
            Consumer<String> lines) {
        LineSplitter output = new LineSplitter(maxLineBytes, lines);
        CommandResult result = run(command, environment, null, timeout, output, () -> "");
        output.finish();
        return result;
    }

    private static CommandResult run(
            List<String> command,
            Map<String, String> environment,
            @Nullable Path directory,
            Duration timeout,
            OutputStream output,
            java.util.function.Supplier<String> outputText) {
        BoundedBuffer error = new BoundedBuffer(64 << 10);
        PumpStreamHandler pump = new PumpStreamHandler(output, error);
        pump.setStopTimeout(PUMP_STOP);
        Launched launched = new Launched();
        DefaultExecutor.Builder<?> builder =
                DefaultExecutor.builder().setExecuteStreamHandler(pump);
        if (directory != null) {
            builder.setWorkingDirectory(directory.toFile());
        }
        DefaultExecutor executor = builder.get();
        executor.setExitValues(null);
        executor.setProcessDestroyer(launched);
        DefaultExecuteResultHandler end = new DefaultExecuteResultHandler();
        boolean timedOut = false;
        try {
            executor.execute(commandLine(command), environment, end);
            end.waitFor(timeout);
            if (!end.hasResult()) {
                timedOut = true;
                launched.kill();
                end.waitFor(GRACE);
            }
        } catch (IOException e) {
            throw cannotRun(command, e);
        } catch (InterruptedException e) {
            launched.kill();
            Thread.currentThread().interrupt();
            throw new OffcutException(
                    ErrorCode.UNREACHABLE, command.getFirst() + " was interrupted: try again", e);
        }
        checkStarted(command, end, timedOut);
        int exit = timedOut ? -1 : end.getExitValue();
        return new CommandResult(exit, outputText.get(), error.text(), timedOut);
    }

    private static void checkStarted(
            List<String> command, DefaultExecuteResultHandler end, boolean timedOut) {
        if (!timedOut && end.hasResult()) {
            ExecuteException failure = end.getException();
            if (failure != null && failure.getCause() instanceof IOException cause) {
                throw cannotRun(command, cause);
            }
        }
    }

    private static CommandLine commandLine(List<String> command) {
        CommandLine line = new CommandLine(Path.of(command.getFirst()));
        command.subList(1, command.size()).forEach(argument -> line.addArgument(argument, false));
        return line;
    }

    private static OffcutException cannotRun(List<String> command, IOException cause) {
        String why = Objects.requireNonNullElse(cause.getMessage(), "no reason given");
        return new OffcutException(
                ErrorCode.NOT_FOUND,
                "cannot run " + command.getFirst() + ": " + why.lines().findFirst().orElse(""),
                cause);
    }

    /** Remembers the process that the executor starts, to be able to end it for sure. */
    private static final class Launched implements ProcessDestroyer {
        private @Nullable Process process;
        private boolean killed;

        @Override
        public synchronized boolean add(Process started) {
            process = started;
            if (killed) {
                started.destroyForcibly();
            }
            return true;
        }

        @Override
        public boolean remove(Process ended) {
            return true;
        }

        @Override
        public synchronized int size() {
            return process == null ? 0 : 1;
        }

        synchronized void kill() {
            killed = true;
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    /** Keeps the first bytes of a stream. */
    private static final class BoundedBuffer extends OutputStream {
        private final java.io.ByteArrayOutputStream kept = new java.io.ByteArrayOutputStream();
        private final int maxBytes;

        BoundedBuffer(int maxBytes) {
            this.maxBytes = maxBytes;
        }

        @Override
        public synchronized void write(int b) {
            if (kept.size() < maxBytes) {
                kept.write(b);
            }
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            kept.write(bytes, offset, Math.min(length, maxBytes - kept.size()));
        }

        synchronized String text() {
            return kept.toString(StandardCharsets.UTF_8);
        }
    }
}
