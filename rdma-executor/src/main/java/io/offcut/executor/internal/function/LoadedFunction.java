package io.offcut.executor.internal.function;

/** A function that is ready to run. For one worker's thread. */
interface LoadedFunction {
    /**
     * Runs once. Blocks as long as the function does.
     *
     * @return the length of the result, at most the call's capacity, or a negative status code;
     *     what {@link Call#fail} returned when there is a message
     * @throws Throwable whatever the function throws
     */
    int run(Call call) throws Throwable;
}
