package io.offcut.executor.internal.function;

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
 * <p>Both are called in the same way, with 64-bit words, which all 64-bit Linux calling conventions
 * pass like pointers and 32-bit numbers: a call makes no object, there is one shape to link, and a
 * function that has no fourth parameter does not see it.
 */
final class NativeFunction implements LoadedFunction {
    // A constant: through a handle that is a mere field a call takes several times as long.
    private static final MethodHandle CALL =
            Linker.nativeLinker()
                    .downcallHandle(
                            FunctionDescriptor.of(
                                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private final String name;
    private final boolean checked;
    private final MemorySegment symbol;

    NativeFunction(FunctionSpec spec, MemorySegment symbol) {
        this.name = spec.name();
        this.checked = spec.checked();
        this.symbol = symbol;
    }

    @Override
    public int run(Call call) throws Throwable {
        int capacity = call.capacityBytes();
        int bytes =
                (int)
                        (long)
                                CALL.invokeExact(
                                        symbol,
                                        call.input().address(),
                                        (long) call.inputBytes(),
                                        call.result().address(),
                                        (long) capacity);
        if (checked && bytes < 0) {
            return call.fail(
                    InvocationStatus.FUNCTION_ERROR, "function '" + name + "' returned " + bytes);
        }
        return Integer.compareUnsigned(bytes, capacity) > 0
                ? InvocationStatus.TOO_LARGE.code()
                : bytes;
    }
}
