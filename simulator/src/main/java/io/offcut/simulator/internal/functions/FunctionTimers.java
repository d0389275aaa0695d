package io.offcut.simulator.internal.functions;

/** How this side of the simulation asks for time: the event comes back to {@link FunctionSide}. */
@FunctionalInterface
public interface FunctionTimers {
    /** A node may have cores that were idle long enough; the payload is its number. */
    int OFFER = 2;

    /** The next request comes; no payload. */
    int ARRIVAL = 3;

    /** A lease has done its work; the payload is its number. */
    int DONE = 4;

    /** Asks for an event. */
    void at(long timeMillis, int kind, long payload);
}
