package io.offcut.cli.output;

import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A line that is written again and again while something goes on: in place on a terminal, elsewhere
 * now and then as a new line. One thread of its own writes; {@link #close} ends it and leaves a
 * clean line.
 */
public final class ProgressLine implements AutoCloseable {
    private static final long TERMINAL_MILLIS = 200;
    private static final long LOG_MILLIS = 10_000;
    private static final String CLEAR = "\r\033[K";

    private final PrintStream err;
    private final Terminal terminal;
    private final Supplier<String> text;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread;

    private ProgressLine(PrintStream err, Terminal terminal, Supplier<String> text) {
        this.err = err;
        this.terminal = terminal;
        this.text = text;
        this.thread = Thread.ofPlatform().daemon().name("offcut-progress").unstarted(this::run);
    }

    /**
     * Begins to show.
     *
     * @param text what to show at the moment, one line; called by another thread
     */
    public static ProgressLine start(PrintStream err, Terminal terminal, Supplier<String> text) {
        ProgressLine line = new ProgressLine(err, terminal, text);
        line.thread.start();
        return line;
    }

    private void run() {
        long pauseMillis = terminal.err() ? TERMINAL_MILLIS : LOG_MILLIS;
        try {
            while (!closed.await(pauseMillis, TimeUnit.MILLISECONDS)) {
                show();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void show() {
        String line = text.get();
        if (terminal.err()) {
            int width = terminal.columns() - 1;
            err.print(CLEAR + (line.length() > width ? line.substring(0, width - 1) + "…" : line));
            err.flush();
        } else {
            err.println("offcut: " + line);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        boolean interrupted = Thread.interrupted();
        try {
            thread.join(1_000);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (terminal.err()) {
            err.print(CLEAR);
            err.flush();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
