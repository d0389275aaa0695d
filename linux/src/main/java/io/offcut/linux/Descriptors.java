package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** File descriptors: pipe2(2), read(2), write(2), ppoll(2), fcntl(2), close(2). */
final class Descriptors {
    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;
    private static final int F_SETFL = 4;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private static final LibC PIPE2 = new LibC("pipe2");
    private static final LibC READ = new LibC("read");
    private static final LibC WRITE = new LibC("write");
    private static final LibC PPOLL = new LibC("ppoll");
    private static final LibC FCNTL = new LibC("fcntl");
    private static final LibC CLOSE = new LibC("close");
    private static final LibC STRERROR = new LibC("strerror");

    private Descriptors() {}

    /** Makes a pipe that no program inherits: two ints, the end to read from first. */
    static void pipe(MemorySegment ends) throws IOException {
        if ((int) PIPE2.call(ends.address(), O_CLOEXEC) != 0) {
            throw new IOException("cannot make a pipe: " + lastError());
        }
    }

    /** From now on no write to it blocks, and no read. */
    static void dontBlock(int descriptor) {
        long ignored = FCNTL.call(descriptor, F_SETFL, O_NONBLOCK);
    }

    /** How many bytes were read, 0 at the end, or minus errno. */
    static int read(int descriptor, MemorySegment to) {
        return orMinusErrno(READ.call(descriptor, to.address(), to.byteSize()));
    }

    /** How many bytes were written, or minus errno. */
    static int write(int descriptor, MemorySegment from) {
        return orMinusErrno(WRITE.call(descriptor, from.address(), from.byteSize()));
    }

    private static int orMinusErrno(long bytes) {
        return bytes >= 0 ? (int) bytes : -LibC.scratch().errno();
    }

    /** Blocks until something happened to one of these {@code struct pollfd}, or a signal came. */
    static void poll(MemorySegment polls, int count, long timeoutNanos) {
        LibC.Scratch scratch = LibC.scratch();
        scratch.timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
        scratch.timespec.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
        int result = (int) PPOLL.call(polls.address(), count, scratch.timespec.address(), 0, 0, 0);
        if (result < 0 && scratch.errno() != LibC.EINTR) {
            throw new IllegalStateException("ppoll failed: " + lastError());
        }
    }

    static void close(int descriptor) {
        long ignored = CLOSE.call(descriptor);
    }

    /** What strerror(3) says of the error of the thread's last call. */
    static String lastError() {
        return text(LibC.scratch().errno());
    }

    /** What strerror(3) says of an error number. */
    static String text(int errno) {
        return MemorySegment.ofAddress(STRERROR.call(errno))
                .reinterpret(Long.MAX_VALUE)
                .getString(0);
    }
}
