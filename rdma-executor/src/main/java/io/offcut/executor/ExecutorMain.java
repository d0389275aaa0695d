package io.offcut.executor;

import io.offcut.core.OffcutException;
import io.offcut.executor.internal.process.Executor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The program of an executor process: {@code ExecutorMain <specification file>}, or {@code
 * ExecutorMain --parked} for one that reads the path from its standard input when there is a lease,
 * or {@code ExecutorMain --rehearsed} for one that only gets ready for it. Ends with a code of
 * {@link ExecutorExit}; what is wrong goes to stderr in one line.
 */
public final class ExecutorMain {
    private ExecutorMain() {}

    /** Null when there is no lease to serve. */
    private static @Nullable Path specification(String argument) throws InterruptedException {
        boolean parked = argument.equals(ExecutorCommand.PARKED);
        if (!parked && !argument.equals(ExecutorCommand.REHEARSED)) {
            return Path.of(argument);
        }
        Executor.prepare();
        return parked ? awaitLease() : null;
    }

    /** Null when the daemon ended first. */
    private static @Nullable Path awaitLease() {
        try {
            String line =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                            .readLine();
            return line == null ? null : Path.of(line);
        } catch (IOException e) {
            return null;
        }
    }

    /** Serves one lease. */
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 1) {
            System.err.println("offcut executor: expected one argument, the specification file");
            System.exit(ExecutorExit.BAD_SPEC);
        }
        try {
            Path specification = specification(arguments[0]);
            if (specification != null) {
                Executor.serve(ExecutorCommand.read(specification));
            }
        } catch (OffcutException e) {
            System.err.println("offcut executor: " + e.getMessage());
            Runtime.getRuntime().halt(ExecutorExit.BAD_SPEC);
        } catch (RuntimeException | Error e) {
            System.err.println("offcut executor: defect: " + e);
            Runtime.getRuntime().halt(ExecutorExit.INTERNAL);
        }
    }
}
