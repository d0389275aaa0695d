package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A process that {@link Program#start} started, and its three pipes. Everything is for the one
 * thread that started it; only {@link #await} and {@link #end} block.
 */
public final class ChildProcess implements AutoCloseable {
    /** Input may be written. */
    public static final int INPUT = 1;

    /** Output, or its end, may be read. */
    public static final int OUTPUT = 2;

    /** The same of the error output. */
    public static final int ERRORS = 4;

    /** The process is over. Told once. */
    public static final int ENDED = 8;

    private static final int CLOSED = -1;
    private static final int UNKNOWN = -1;
    private static final long CLOSE_NANOS = 100_000_000;

    /** {@code struct pollfd}: descriptor, wanted events, events. */
    private static final int POLL_BYTES = 8;

    private static final int EVENTS = 4;
    private static final int SEEN = 6;
    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;
    private static final int ALL = ChildPipes.COUNT + 1;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment polls = arena.allocate(POLL_BYTES * ALL, 4);
    private final MemorySegment status = arena.allocate(JAVA_INT);
    private final int pid;
    private final ChildPipes pipes;
    private int pidfd;
    private int exitCode = UNKNOWN;

    ChildProcess(int pid, ChildPipes pipes) throws IOException {
        this.pid = pid;
        this.pipes = pipes;
        this.pidfd = Signals.pidfdOpen(pid);
        if (pidfd < 0) {
            int errno = -pidfd;
            pidfd = CLOSED;
            close();
            throw new IOException("cannot watch the process: " + Descriptors.text(errno));
        }
    }

    public long pid() {
        return pid;
    }

    /**
     * Blocks until one of the pipes that are still open can be used, or the process is over.
     *
     * @return bits of {@link #INPUT}, {@link #OUTPUT}, {@link #ERRORS} and {@link #ENDED}; none
     *     when the time is over, or now and then for no reason
     */
    public int await(long timeoutNanos) {
        for (int stream = 0; stream < ChildPipes.COUNT; stream++) {
            poll(stream, pipes.ourEnd(stream), stream == ChildPipes.STDIN ? POLLOUT : POLLIN);
        }
        poll(ChildPipes.COUNT, pidfd, POLLIN);
        Descriptors.poll(polls, ALL, timeoutNanos);
        int ready = 0;
        for (int i = 0; i < ALL; i++) {
            ready |= seen(i) ? 1 << i : 0;
        }
        if ((ready & ENDED) != 0) {
            closePidfd();
        }
        return ready;
    }

    private void poll(int index, int descriptor, short events) {
        long at = (long) index * POLL_BYTES;
        polls.set(JAVA_INT, at, descriptor);
        polls.set(JAVA_SHORT, at + EVENTS, events);
        polls.set(JAVA_SHORT, at + SEEN, (short) 0);
    }

    private boolean seen(int index) {
        return polls.get(JAVA_SHORT, (long) index * POLL_BYTES + SEEN) != 0;
    }

    /**
     * Writes as much as there is room for.
     *
     * @return how many bytes; negative when nobody reads them any more, and the pipe is closed
     */
    public int write(MemorySegment from) {
        int bytes = Descriptors.write(pipes.ourEnd(ChildPipes.STDIN), from);
        if (bytes == -LibC.EAGAIN || bytes == -LibC.EINTR) {
            return 0;
        }
        if (bytes < 0) {
            closeInput();
        }
        return bytes;
    }

    /** There is no more input. */
    public void closeInput() {
        pipes.close(ChildPipes.STDIN);
    }

    /**
     * Reads what output there is.
     *
     * @param to not empty
     * @return how many bytes; negative at the end, when everyone who could write has closed it
     */
    public int readOutput(MemorySegment to) {
        return read(ChildPipes.STDOUT, to);
    }

    /** The same for the error output. */
    public int readErrors(MemorySegment to) {
        return read(ChildPipes.STDERR, to);
    }

    private int read(int stream, MemorySegment to) {
        int bytes = Descriptors.read(pipes.ourEnd(stream), to);
        if (bytes > 0) {
            return bytes;
        }
        if (bytes == -LibC.EINTR) {
            return 0;
        }
        if (bytes < 0) {
            throw new IllegalStateException("cannot read a pipe: " + Descriptors.text(-bytes));
        }
        pipes.close(stream);
        return -1;
    }

    /**
     * Kills it, if it is not over, and all of its process group that is left, and waits for it.
     *
     * @param timeoutNanos longest wait; one that the kernel does not let go by then stays behind
     * @return its exit code, 128 more than the signal if one ended it; negative when it stays
     */
    public int end(long timeoutNanos) {
        if (exitCode == UNKNOWN) {
            // Nobody has waited for it: the number is still its own, and its group's.
            Signals.killGroup(pid);
            long until = System.nanoTime() + timeoutNanos;
            while (!reap() && System.nanoTime() - until < 0) {
                poll(0, pidfd, POLLIN);
                Descriptors.poll(polls, 1, Math.max(0, until - System.nanoTime()));
            }
        }
        return exitCode;
    }

    private boolean reap() {
        boolean reaped = ThisProcess.reap(pid, status);
        exitCode = reaped ? exitCode(status.get(JAVA_INT, 0)) : UNKNOWN;
        return reaped;
    }

    private static int exitCode(int status) {
        int signal = status & 0x7f;
        return signal == 0 ? status >> 8 & 0xff : 128 + signal;
    }

    private void closePidfd() {
        if (pidfd != CLOSED) {
            Descriptors.close(pidfd);
            pidfd = CLOSED;
        }
    }

    /** Ends it, if {@link #end} has not, and closes the pipes. */
    @Override
    public void close() {
        int ignored = end(CLOSE_NANOS);
        closePidfd();
        pipes.close();
        arena.close();
    }
}
