package io.offcut.benchmarks.invoke;

import io.offcut.core.function.OffcutFunction;
import java.lang.foreign.MemorySegment;

/** As little as a Java function can do. */
public final class EmptyFunction implements OffcutFunction {
    @Override
    public int invoke(MemorySegment in, MemorySegment out) {
        return 0;
    }
}
