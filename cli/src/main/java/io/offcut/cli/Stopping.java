package io.offcut.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a command well when the process is told to end (SIGINT, SIGTERM): the command's thread is
 * told, and the process waits for it to finish, for a bounded time.
 */
public final class Stopping implements AutoCloseable {
    private static final long FINISH_SECONDS = 15;

    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Thread hook;
    private final @Nullable Thread interrupted;

    private Stopping(@Nullable Thread interrupted) {
        this.interrupted = interrupted;
        this.hook = new Thread(this::signalled, "offcut-stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Watches for signals; the command asks {@link #stopped}, or waits. */
    public static Stopping onSignal() {
        return new Stopping(null);
    }

    /** Watches for signals and interrupts the calling thread at one. */
    public static Stopping interruptingOnSignal() {
        return new Stopping(Thread.currentThread());
    }

    private void signalled() {
        stop.countDown();
        if (interrupted != null) {
            interrupted.interrupt();
        }
        try {
            boolean done = finished.await(FINISH_SECONDS, TimeUnit.SECONDS);
            if (!done) {
                System.err.println("offcut: stopped without finishing: it took too long");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The signal has been heard; what follows must not be interrupted. */
    public void clearInterrupt() {
        boolean heard = Thread.interrupted();
        if (heard) {
            stop.countDown();
        }
    }

    public boolean stopped() {
        return stop.getCount() == 0;
    }

    /** Waits for a signal, at most so long; null for as long as it takes. */
    public void await(@Nullable Duration limit) throws InterruptedException {
        if (limit == null) {
            stop.await();
        } else if (stop.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
            return;
        }
    }

    /** The command has finished: the process may end. */
    @Override
    public void close() {
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // it runs already
        }
    }
}
