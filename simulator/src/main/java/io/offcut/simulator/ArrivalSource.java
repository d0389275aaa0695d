package io.offcut.simulator;

/**
 * Invocations of functions that come from outside, in the order of time. Pure: may be opened often.
 */
public interface ArrivalSource {
    /** What it is called in results: a model with its parameters, or the name of a file. */
    String name();

    /**
     * Begins at its first invocation.
     *
     * @param seed of what is random in it
     */
    Cursor open(long seed);

    /** Stands before the first invocation until it is advanced. For one thread. */
    interface Cursor {
        /** Moves to the next invocation; false when there is none. */
        boolean advance();

        /** When it comes, in milliseconds since the simulation began; never goes back. */
        long atMillis();

        /** How long it computes on a core of its own. */
        long durationMillis();

        /** Memory it needs; 0 for that of any worker. */
        long memoryBytes();

        /** Which function, counted from 0 without large gaps. */
        int function();
    }
}
