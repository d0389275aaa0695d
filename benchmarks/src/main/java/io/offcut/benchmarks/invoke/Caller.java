package io.offcut.benchmarks.invoke;

import io.offcut.client.LeaseOptions;
import java.io.IOException;

/** A client with one worker of the native bundle. Every answer is checked. For one thread. */
interface Caller extends AutoCloseable {
    /** Leases a worker. */
    @FunctionalInterface
    interface Opener {
        Caller open(LeaseOptions options) throws IOException, InterruptedException;
    }

    /** Calls of {@code empty}, pausing before each. */
    Rounds.Side empty(int inputBytes, long pauseNanos);

    /** Calls of {@code empty}, one due every so often and timed from then. */
    Rounds.Side due(int inputBytes, long everyNanos);

    /** Calls of {@code echo}: the answer is read. */
    Rounds.Side echo(int inputBytes);

    /** Calls of {@code ends}: the input is copied in, and its ends read from the answer. */
    Rounds.Side ends(int inputBytes);

    /** So many calls of {@code empty} with all slots kept full, timed as one. */
    Rounds.Side pipelined(int inputBytes, int calls);

    @Override
    void close() throws IOException;
}
