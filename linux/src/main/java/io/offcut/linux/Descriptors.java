package io.offcut.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** File descriptors: pipe2(2), read(2), write(2), ppoll(2), fcntl(2), close(2). */
final class Descriptors {
    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;
    private static final int F_SETFL = 4;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private static final MethodHandle PIPE2 =
            LibC.bind("pipe2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle READ =
            LibC.bind("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE =
            LibC.bind("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle PPOLL =
            LibC.bind(
                    "ppoll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
    private static final MethodHandle FCNTL =
            LibC.bind(
                    "fcntl",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                    Linker.Option.firstVariadicArg(2));
    private static final MethodHandle STRERROR =
            LibC.bind("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private Descriptors() {}

    /** Makes a pipe that no program inherits: two ints, the end to read from first. */
    static void pipe(MemorySegment ends) throws IOException {
        LibC.Scratch scratch = LibC.scratch();
        int result;
        try {
            result = (int) PIPE2.invokeExact(scratch.callState, ends, O_CLOEXEC);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
        if (result != 0) {
            throw new IOException("cannot make a pipe: " + text(scratch.errno()));
        }
    }

    /** From now on no write to it blocks, and no read. */
    static void dontBlock(int descriptor) {
        try {
            int ignored =
                    (int)
                            FCNTL.invokeExact(
                                    LibC.scratch().callState, descriptor, F_SETFL, O_NONBLOCK);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /** How many bytes were read, 0 at the end, or minus errno. */
    static int read(int descriptor, MemorySegment to) {
        LibC.Scratch scratch = LibC.scratch();
        try {
            long bytes = (long) READ.invokeExact(scratch.callState, descriptor, to, to.byteSize());
            return bytes >= 0 ? (int) bytes : -scratch.errno();
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /** How many bytes were written, or minus errno. */
    static int write(int descriptor, MemorySegment from) {
        LibC.Scratch scratch = LibC.scratch();
        try {
            long bytes =
                    (long) WRITE.invokeExact(scratch.callState, descriptor, from, from.byteSize());
            return bytes >= 0 ? (int) bytes : -scratch.errno();
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /** Blocks until something happened to one of these {@code struct pollfd}, or a signal came. */
    static void poll(MemorySegment polls, int count, long timeoutNanos) {
        LibC.Scratch scratch = LibC.scratch();
        scratch.timespec.set(JAVA_LONG, 0, timeoutNanos / NANOS_PER_SECOND);
        scratch.timespec.set(JAVA_LONG, 8, timeoutNanos % NANOS_PER_SECOND);
        int result;
        try {
            result =
                    (int)
                            PPOLL.invokeExact(
                                    scratch.callState,
                                    polls,
                                    (long) count,
                                    scratch.timespec,
                                    MemorySegment.NULL);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
        if (result < 0 && scratch.errno() != LibC.EINTR) {
            throw new IllegalStateException("ppoll failed: " + text(scratch.errno()));
        }
    }

    static void close(int descriptor) {
        try {
            int ignored = (int) LibC.CLOSE.invokeExact(LibC.scratch().callState, descriptor);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    /** What strerror(3) says of an error number. */
    static String text(int errno) {
        try {
            MemorySegment text =
                    (MemorySegment) STRERROR.invokeExact(LibC.scratch().callState, errno);
            return text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }
}
