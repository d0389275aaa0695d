package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A C function of a {@link SharedLibrary}, or one that a pointer leads to, whose parameters are all
 * integers or pointers, at most six. Of a result that is an {@code int} only the low half counts. A
 * pointer's memory must stay mapped during the call, which nobody watches over. A call allocates
 * nothing after a thread's first. Thread-safe as far as the function is.
 */
public final class CFunction {
    private final MemorySegment symbol;
    private final LibC function;

    CFunction(MemorySegment symbol) {
        this.symbol = symbol;
        this.function = new LibC(symbol);
    }

    /** The function at an address. */
    public static CFunction at(long address) {
        return new CFunction(MemorySegment.ofAddress(address));
    }

    /** Calls it. A parameter that the function does not have is ignored. */
    public long call(long a) {
        return function.call(a);
    }

    /** As {@link #call(long)}. */
    public long call(long a, long b) {
        return function.call(a, b);
    }

    /** As {@link #call(long)}. */
    public long call(long a, long b, long c) {
        return function.call(a, b, c);
    }

    /** As {@link #call(long)}. */
    public long call(long a, long b, long c, long d) {
        return function.call(a, b, c, d, 0, 0);
    }

    /** As {@link #call(long)}. */
    public long call(long a, long b, long c, long d, long e) {
        return function.call(a, b, c, d, e, 0);
    }

    /** What the thread's last call left, if it failed. Not of {@link #callAtOnce}. */
    public static int errno() {
        return LibC.scratch().errno();
    }

    /** What strerror(3) says of an error number. */
    public static String text(int errno) {
        return Descriptors.text(errno);
    }

    /**
     * Calls one that returns within a microsecond or so: the virtual machine does not know that the
     * thread is in C, and nobody collects garbage meanwhile.
     */
    public long callAtOnce(long a, long b, long c) {
        try {
            return (long) AtOnce.CALL.invokeExact(symbol, a, b, c);
        } catch (Throwable thrown) {
            throw new AssertionError("a C function threw", thrown);
        }
    }

    /** Linked when it is first needed: most programs never do. */
    private static final class AtOnce {
        static final MethodHandle CALL =
                Linker.nativeLinker()
                        .downcallHandle(
                                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                                Linker.Option.critical(false));
    }
}
