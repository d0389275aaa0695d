package io.offcut.executor.internal.function;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.FunctionSpec;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A C symbol. Two forms: {@code uint32_t f(void *in, uint32_t size, void *out)} as in rFaaS, and
 * the checked {@code int32_t f(const void *in, uint32_t size, void *out, uint32_t capacity)}.
 *
 * <p>Pointers go as 64-bit integers, which all 64-bit Linux calling conventions pass alike, so that
 * a call makes no object.
 */
final class NativeFunction implements LoadedFunction {
    private static final FunctionDescriptor UNCHECKED =
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final FunctionDescriptor CHECKED =
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);

    private final String name;
    private final boolean checked;
    private final NativeStub stub;

    NativeFunction(FunctionSpec spec, MemorySegment symbol) {
        this.name = spec.name();
        this.checked = spec.checked();
        MethodHandle handle =
                Linker.nativeLinker().downcallHandle(symbol, checked ? CHECKED : UNCHECKED);
        this.stub = checked ? NativeStub.checked(handle) : NativeStub.unchecked(handle);
    }

    /** Links calls of both forms; makes none, for there is no function of theirs here. */
    static void rehearse() {
        MemorySegment nowhere = MemorySegment.ofAddress(1);
        Linker linker = Linker.nativeLinker();
        NativeStub ignored = NativeStub.unchecked(linker.downcallHandle(nowhere, UNCHECKED));
        ignored = NativeStub.checked(linker.downcallHandle(nowhere, CHECKED));
    }

    @Override
    public int run(Call call) throws Throwable {
        long in = call.input().address();
        long out = call.result().address();
        int capacity = call.capacityBytes();
        int bytes = stub.call(in, call.inputBytes(), out, capacity);
        if (checked && bytes < 0) {
            return call.fail(
                    InvocationStatus.FUNCTION_ERROR, "function '" + name + "' returned " + bytes);
        }
        return Integer.compareUnsigned(bytes, capacity) > 0
                ? InvocationStatus.TOO_LARGE.code()
                : bytes;
    }
}
