package io.offcut.client;

/** Takes the results of a {@linkplain WorkerPool#map streaming map}, one at a time. */
@FunctionalInterface
public interface ResultHandler<T> {
    /**
     * Takes one result. Each item comes exactly once. An exception ends the map and reaches its
     * caller.
     */
    void handle(T tag, Result result);
}
