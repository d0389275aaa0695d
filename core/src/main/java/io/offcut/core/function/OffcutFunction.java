package io.offcut.core.function;

import java.lang.foreign.MemorySegment;

/**
 * A function written in Java. The executor makes one instance per worker, by the constructor
 * without arguments, and calls it from that worker's thread only. Instances and static state may
 * serve several leases of the same user, one after the other; then the thread is another.
 *
 * <pre>{@code
 * public final class Reverse implements OffcutFunction {
 *     public int invoke(MemorySegment in, MemorySegment out) {
 *         for (long i = 0; i < in.byteSize(); i++) {
 *             out.set(JAVA_BYTE, i, in.get(JAVA_BYTE, in.byteSize() - 1 - i));
 *         }
 *         return (int) in.byteSize();
 *     }
 * }
 * }</pre>
 */
public interface OffcutFunction {
    /**
     * Runs once.
     *
     * @param in the input, exactly as long as it is; valid during the call only
     * @param out where the result goes; its size is the largest result allowed
     * @return how many bytes of {@code out} are the result
     * @throws Exception any exception ends the invocation as {@code FUNCTION_ERROR} with its
     *     message
     */
    int invoke(MemorySegment in, MemorySegment out) throws Exception;
}
