package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * One function of the C library whose parameters are all integers or pointers, at most six.
 *
 * <p>They all go as 64-bit words through one shape of call, whatever the function takes: the 64-bit
 * Linux calling conventions pass both alike, and a function does not see registers that it has no
 * parameter for. To link a shape takes the virtual machine 10 ms, which an executor that somebody
 * waits for has not got. Of a result that is an {@code int} only the low half counts. A pointer's
 * memory must stay mapped during the call, which nobody watches over.
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

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(PathElement.groupElement("errno"));
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);
    private static final MethodHandle CALL =
            LINKER.downcallHandle(
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG),
                    Linker.Option.captureCallState("errno"));

    static final LibC SYSCALL = new LibC("syscall");
    static final LibC SYSCONF = new LibC("sysconf");
    static final LibC SCHED_SETAFFINITY = new LibC("sched_setaffinity");

    private final MemorySegment symbol;

    LibC(String name) {
        this(LINKER.defaultLookup().findOrThrow(name));
    }

    /** Another function of this shape, wherever it is from. */
    LibC(MemorySegment symbol) {
        this.symbol = symbol;
    }

    /** Memory that one thread reuses for all its calls, so that a call allocates nothing. */
    static final class Scratch {
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment callState = arena.allocate(CALL_STATE);

        /** {@code struct timespec} with 64-bit members; also any other small argument. */
        final MemorySegment timespec = arena.allocate(16, 8);

        /** What the thread's last call left, if it failed. */
        int errno() {
            return (int) ERRNO.get(callState, 0L);
        }
    }

    static Scratch scratch() {
        return SCRATCH.get();
    }

    long call(long a) {
        return call(a, 0, 0, 0, 0, 0);
    }

    long call(long a, long b) {
        return call(a, b, 0, 0, 0, 0);
    }

    long call(long a, long b, long c) {
        return call(a, b, c, 0, 0, 0);
    }

    long call(long a, long b, long c, long d, long e, long f) {
        try {
            return (long) CALL.invokeExact(symbol, scratch().callState, a, b, c, d, e, f);
        } catch (Throwable thrown) {
            throw new AssertionError("a C function threw", thrown);
        }
    }
}
