package io.offcut.benchmarks.invoke;

import io.offcut.client.LeaseOptions;
import java.io.IOException;
import java.nio.file.Path;

/** The C client: {@code client/c/tests/bench.c}. */
final class CCaller implements Caller {
    private final CProgram program;

    private CCaller(CProgram program) {
        this.program = program;
    }

    /** Starts the program, which leases a worker. */
    static CCaller open(Path programs, String schedulerUrl, LeaseOptions options)
            throws IOException {
        return new CCaller(
                CProgram.start(
                        schedulerUrl,
                        programs.resolve("bench"),
                        options.function(),
                        String.join(",", options.transports()),
                        Long.toString(options.hotTimeoutMicros())));
    }

    @Override
    public Rounds.Side empty(int inputBytes, long pauseNanos) {
        return count -> program.turn("empty", inputBytes, count, pauseNanos, count);
    }

    @Override
    public Rounds.Side due(int inputBytes, long everyNanos) {
        return count -> program.turn("due", inputBytes, count, everyNanos, count);
    }

    @Override
    public Rounds.Side echo(int inputBytes) {
        return count -> program.turn("echo", inputBytes, count, 0, count);
    }

    @Override
    public Rounds.Side ends(int inputBytes) {
        return count -> program.turn("ends", inputBytes, count, 0, count);
    }

    @Override
    public Rounds.Side pipelined(int inputBytes, int calls) {
        return count -> program.turn("pipelined", inputBytes, calls, 0, count);
    }

    @Override
    public void close() throws IOException {
        program.close();
    }
}
