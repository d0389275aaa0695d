package io.offcut.simulator.internal.functions;

/** How this side of the simulation asks for time: the event comes back to {@link Harvester}. */
@FunctionalInterface
public interface FunctionTimers {
    /** All kinds of events of this side are at least this. */
    int FIRST = 16;

    /** A node may have cores that were idle long enough; the payload is its number. */
    int OFFER = FIRST;

    /** Leases have done all they may for a job; the payload is the job. */
    int SHARED = FIRST + 1;

    /** A call is over; the payload is its slot. */
    int DONE = FIRST + 2;

    /** A lease has finished its start-up; the payload is its number. */
    int READY = FIRST + 3;

    /** The next invocation comes; no payload. */
    int ARRIVAL = FIRST + 4;

    /** A call has waited long enough; the payload is its function. */
    int PATIENCE = FIRST + 5;

    /** Nothing may have run on a lease for long; the payload is its number. */
    int HOLD = FIRST + 6;

    /** Nodes are looked at to guess how long they stay idle; no payload. */
    int OBSERVE = FIRST + 7;

    /** Memory of leases that a job ended may be free; the payload is their node. */
    int EVICTED = FIRST + 8;

    /** Clients hear that calls were frozen; the payload is how many. */
    int REVOKED = FIRST + 9;

    /** Asks for an event. */
    void at(long timeMillis, int kind, long payload);
}
