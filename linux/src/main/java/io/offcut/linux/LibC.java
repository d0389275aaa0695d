package io.offcut.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * The C library, as far as this room needs it. Every handle takes the calling thread's {@link
 * Scratch#callState} first, where errno is left.
 */
final class LibC {
    static final int EPERM = 1;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int ENOEXEC = 8;
    static final int EAGAIN = 11;
    static final int EINVAL = 22;
    static final int ENOSYS = 38;
    static final int ETIMEDOUT = 110;

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /** {@code long syscall(long number, int, int, pointer, int)}: the two pidfd calls. */
    static final MethodHandle SYSCALL_PIDFD =
            variadic(
                    "syscall",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

    static final MethodHandle KILL =
            bind("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

    static final MethodHandle WAITPID =
            bind("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

    static final MethodHandle CLOSE = bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    static final MethodHandle SCHED_SETAFFINITY =
            bind(
                    "sched_setaffinity",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

    static final MethodHandle SCHED_GETAFFINITY =
            bind(
                    "sched_getaffinity",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

    static final MethodHandle SCHED_GETSCHEDULER =
            bind("sched_getscheduler", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    static final MethodHandle SYSCONF = bind("sysconf", FunctionDescriptor.of(JAVA_LONG, JAVA_INT));

    private LibC() {}

    /** Memory that one thread reuses for all its calls, so that a call allocates nothing. */
    static final class Scratch {
        private final Arena arena = Arena.ofAuto();
        final MemorySegment callState = arena.allocate(CALL_STATE);

        /** {@code struct timespec} with 64-bit members; also any other small argument. */
        final MemorySegment timespec = arena.allocate(16, 8);

        int errno() {
            return (int) ERRNO.get(callState, 0L);
        }
    }

    static Scratch scratch() {
        return SCRATCH.get();
    }

    static MethodHandle bind(String name, FunctionDescriptor shape, Linker.Option... more) {
        List<Linker.Option> options = new ArrayList<>(List.of(more));
        options.add(Linker.Option.captureCallState("errno"));
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup().findOrThrow(name);
        return linker.downcallHandle(symbol, shape, options.toArray(Linker.Option[]::new));
    }

    static MethodHandle variadic(String name, FunctionDescriptor shape) {
        return bind(name, shape, Linker.Option.firstVariadicArg(1));
    }

    /** A downcall handle declares Throwable but a C function throws nothing. */
    static AssertionError unexpected(Throwable thrown) {
        return new AssertionError("a C function threw", thrown);
    }
}
