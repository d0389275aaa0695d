package io.offcut.client;

import java.lang.foreign.MemorySegment;

/**
 * One piece of work of a {@linkplain WorkerPool#map streaming map}.
 *
 * @param tag what the caller knows it by; given back with the result
 * @param input must not change until the result is there
 */
public record Item<T>(T tag, MemorySegment input) {
    public static <T> Item<T> of(T tag, byte[] input) {
        return new Item<>(tag, MemorySegment.ofArray(input));
    }
}
