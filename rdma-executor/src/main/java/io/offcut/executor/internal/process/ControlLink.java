package io.offcut.executor.internal.process;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.ExecutorSpec;
import io.offcut.executor.internal.control.ControlLine;
import io.offcut.executor.internal.control.LineSocket;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The executor's end of the link to its daemon. It comes back when the daemon was restarted and
 * says everything again.
 */
final class ControlLink {
    private static final long RETRY_MILLIS = 100;
    private static final long USAGE_MILLIS = 1_000;

    private final ExecutorSpec spec;
    private final List<ChannelDescriptor> channels;
    private final List<String> problems;
    private final Supplier<ControlLine.Usage> used;
    private final Dial dial;
    private final Thread usage =
            Thread.ofPlatform().daemon().name("usage").unstarted(this::reportUsage);
    private final Predicate<InvocationStatus> rest;
    private boolean resting;
    private volatile @Nullable LineSocket current;

    /** Connects to the daemon. */
    @FunctionalInterface
    interface Dial {
        ByteChannel dial() throws IOException;
    }

    /**
     * @param rest ends the lease with this status; false when the process ends too
     */
    ControlLink(
            ExecutorSpec spec,
            Dial dial,
            List<ChannelDescriptor> channels,
            List<String> problems,
            Supplier<ControlLine.Usage> used,
            Predicate<InvocationStatus> rest) {
        this.spec = spec;
        this.dial = dial;
        this.channels = channels;
        this.problems = problems;
        this.used = used;
        this.rest = rest;
    }

    /**
     * Serves the link. Blocks until the daemon says that the executor ends or, after a rest, gets
     * its next lease, or until it has been away for the orphan time; none, after a rest.
     *
     * @return what the daemon said, {@code End} or {@code Lease}; null for an orphan
     */
    @Nullable ControlLine serve() throws InterruptedException {
        usage.start();
        try {
            return serveUntilEnd();
        } finally {
            usage.interrupt();
        }
    }

    private @Nullable ControlLine serveUntilEnd() throws InterruptedException {
        long seenNanos = System.nanoTime();
        while (System.nanoTime() - seenNanos
                <= TimeUnit.MILLISECONDS.toNanos(spec.orphanMillis())) {
            try (LineSocket lines = new LineSocket(dial.dial())) {
                introduce(lines);
                current = lines;
                workDone();
                ControlLine end = listen(lines);
                if (end != null || resting) {
                    return end;
                }
            } catch (IOException e) {
                // The daemon is away; how long it may be is limited above.
                current = null;
            }
            if (current != null) {
                current = null;
                seenNanos = System.nanoTime();
            }
            Thread.sleep(RETRY_MILLIS);
        }
        return null;
    }

    private void introduce(LineSocket lines) throws IOException {
        List<ControlLine> all = new ArrayList<>();
        all.add(
                new ControlLine.Hello(
                        ControlLine.VERSION,
                        spec.leaseId(),
                        spec.generation(),
                        ProcessHandle.current().pid(),
                        spec.secret()));
        for (ChannelDescriptor channel : channels) {
            all.add(new ControlLine.Channel(channel));
        }
        for (String problem : problems) {
            all.add(new ControlLine.Problem(problem));
        }
        all.add(new ControlLine.Ready());
        all.add(used.get());
        lines.write(all.toArray(ControlLine[]::new));
    }

    /** Null when the connection is gone. */
    private @Nullable ControlLine listen(LineSocket lines) {
        try {
            for (ControlLine line = lines.read(); line != null; line = lines.read()) {
                if (line instanceof ControlLine.Rest(InvocationStatus status)) {
                    if (!rest.test(status)) {
                        return new ControlLine.End(status);
                    }
                    resting = true;
                    lines.write(new ControlLine.Resting());
                } else if (line instanceof ControlLine.End || resting) {
                    return line;
                }
            }
        } catch (IOException e) {
            // The same as when it closes the connection.
            return null;
        }
        return null;
    }

    /** There may be more use to report. Any thread; does not block. */
    void workDone() {
        LockSupport.unpark(usage);
    }

    private void reportUsage() {
        ControlLine.Usage said = used.get();
        try {
            while (true) {
                Thread.sleep(USAGE_MILLIS);
                LockSupport.park(this);
                LineSocket lines = current;
                ControlLine.Usage now = used.get();
                if (lines != null && !now.equals(said) && say(lines, now)) {
                    said = now;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean say(LineSocket lines, ControlLine.Usage used) {
        try {
            lines.write(used);
            return true;
        } catch (IOException e) {
            // Said on the next connection, which begins with it.
            return false;
        }
    }
}
