package io.offcut.executor;

import io.offcut.core.OffcutException;
import io.offcut.executor.internal.process.Executor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The program of an executor process: {@code ExecutorMain [--rehearse]}. It reads the path of its
 * specification, one line, from its standard input, and ends when that ends first; before, it can
 * rehearse a lease. Ends with a code of {@link ExecutorExit}; what is wrong goes to stderr in one
 * line.
 */
public final class ExecutorMain {
    private ExecutorMain() {}

    /** Null when there is no daemon that would give it one. */
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
        List<String> words = List.of(arguments);
        boolean rehearse = words.equals(List.of(ExecutorCommand.REHEARSE));
        if (!rehearse && !words.isEmpty()) {
            System.err.println("offcut executor: expected no argument or --rehearse");
            System.exit(ExecutorExit.BAD_SPEC);
        }
        try {
            if (rehearse) {
                Executor.prepare();
            }
            Path specification = awaitLease();
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
