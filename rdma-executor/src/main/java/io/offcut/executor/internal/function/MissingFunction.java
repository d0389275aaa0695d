package io.offcut.executor.internal.function;

import io.offcut.core.frame.InvocationStatus;

/** A function that could not be loaded; says why at each call. */
record MissingFunction(String reason) implements LoadedFunction {
    @Override
    public int run(Call call) {
        return call.fail(InvocationStatus.NO_SUCH_FUNCTION, reason);
    }
}
