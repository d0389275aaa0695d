package io.offcut.executor.internal.function;

import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.function.OffcutFunction;

/** An {@link OffcutFunction} of the bundle. */
record JavaFunction(OffcutFunction function) implements LoadedFunction {
    @Override
    public int run(Call call) throws Exception {
        int bytes = function.invoke(call.input(), call.result());
        if (bytes < 0) {
            return call.fail(InvocationStatus.FUNCTION_ERROR, "it returned the length " + bytes);
        }
        return bytes > call.capacityBytes() ? InvocationStatus.TOO_LARGE.code() : bytes;
    }
}
