package io.offcut.scheduler.brain;

/** A thing that wants to be woken at one time, or never. Only {@link Deadlines} writes here. */
abstract sealed class Timed permits Node, OfferSlot, Lease, Request, Tombstone {
    static final long NEVER = Long.MAX_VALUE;

    long wakeAtMillis = NEVER;
    long wakeOrder;
    int heapIndex = -1;

    /** a + b for times, where "never" and overflow stay "never". Neither may be negative. */
    static long later(long a, long b) {
        long sum = a + b;
        return sum < 0 ? NEVER : sum;
    }
}
