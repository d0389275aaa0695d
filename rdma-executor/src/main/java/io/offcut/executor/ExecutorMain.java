package io.offcut.executor;

import io.offcut.core.OffcutException;
import io.offcut.executor.internal.process.Executor;
import java.nio.file.Path;

/**
 * The program of an executor process: {@code ExecutorMain <specification file>}. Ends with a code
 * of {@link ExecutorExit}; what is wrong goes to stderr in one line.
 */
public final class ExecutorMain {
    private ExecutorMain() {}

    /** Serves one lease. */
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 1) {
            System.err.println("offcut executor: expected one argument, the specification file");
            System.exit(ExecutorExit.BAD_SPEC);
        }
        try {
            Executor.serve(ExecutorCommand.read(Path.of(arguments[0])));
        } catch (OffcutException e) {
            System.err.println("offcut executor: " + e.getMessage());
            Runtime.getRuntime().halt(ExecutorExit.BAD_SPEC);
        } catch (RuntimeException | Error e) {
            System.err.println("offcut executor: defect: " + e);
            Runtime.getRuntime().halt(ExecutorExit.INTERNAL);
        }
    }
}
