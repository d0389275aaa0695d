package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Sleeping on a 32-bit word that several processes share (futex(2), without FUTEX_PRIVATE_FLAG). A
 * call allocates nothing after a thread's first.
 *
 * <p>The word is native memory, aligned to 4 bytes. The usual pattern: read the word, decide to
 * sleep, {@link #await} with the value read; the other side changes the word and then calls {@link
 * #wake}. A waiter returns for no reason now and then, so it always looks again.
 */
public final class Futex {
    /** Someone called {@link #wake}, or the kernel returned for no reason. */
    public static final int WOKEN = 0;

    /** The word did not hold the expected value: nothing was waited for. */
    public static final int CHANGED = 1;

    /** The time was over. */
    public static final int TIMED_OUT = 2;

    /** A signal handler ran: look again. */
    public static final int INTERRUPTED = 3;

    private static final long SYS_FUTEX = syscallNumber(System.getProperty("os.arch", ""));
    private static final int FUTEX_WAIT = 0;
    private static final int FUTEX_WAKE = 1;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private Futex() {}

    /**
     * Sleeps while the word holds {@code expected}. {@link Thread#interrupt} does not end the
     * sleep.
     *
     * @param timeoutNanos longest sleep, relative, CLOCK_MONOTONIC; negative for ever
     * @return {@link #WOKEN}, {@link #CHANGED}, {@link #TIMED_OUT} or {@link #INTERRUPTED}
     * @throws IllegalArgumentException if the word is not an aligned native word
     * @throws IllegalStateException if its memory is unmapped, also by another thread meanwhile
     */
    public static int await(MemorySegment word, int expected, long timeoutNanos) {
        LibC.Scratch scratch = LibC.scratch();
        long timeout = 0;
        if (timeoutNanos >= 0) {
            scratch.timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
            scratch.timespec.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
            timeout = scratch.timespec.address();
        }
        if (call(word, FUTEX_WAIT, expected, timeout) == 0) {
            return WOKEN;
        }
        return switch (scratch.errno()) {
            case LibC.EAGAIN -> CHANGED;
            case LibC.ETIMEDOUT -> TIMED_OUT;
            case LibC.EINTR -> INTERRUPTED;
            default -> throw failed("FUTEX_WAIT", scratch);
        };
    }

    /**
     * Wakes at most {@code count} sleepers of any process. Does not block.
     *
     * @return how many were woken
     */
    public static int wake(MemorySegment word, int count) {
        long woken = call(word, FUTEX_WAKE, count, 0);
        if (woken < 0) {
            throw failed("FUTEX_WAKE", LibC.scratch());
        }
        return (int) woken;
    }

    private static long call(MemorySegment word, int operation, int value, long timeout) {
        if (!word.isNative() || word.byteSize() < 4 || (word.address() & 3) != 0) {
            throw new IllegalArgumentException("not an aligned native 32-bit word: " + word);
        }
        if (!word.scope().isAlive()) {
            throw new IllegalStateException("the memory of the word is unmapped");
        }
        return LibC.SYSCALL.call(SYS_FUTEX, word.address(), operation, value, timeout, 0);
    }

    private static IllegalStateException failed(String operation, LibC.Scratch scratch) {
        return new IllegalStateException(operation + " failed: errno " + scratch.errno());
    }

    private static long syscallNumber(String architecture) {
        return switch (architecture) {
            case "amd64" -> 202;
            case "aarch64", "riscv64" -> 98;
            default ->
                    throw new UnsupportedOperationException(
                            "futex is not known for the architecture " + architecture);
        };
    }
}
