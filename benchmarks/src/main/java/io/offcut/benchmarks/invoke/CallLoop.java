package io.offcut.benchmarks.invoke;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Calls of this thread, one after the other, each timed: from its begin where the next is made when
 * the last has ended (a closed loop), and from when it was due where calls have a rate of their own
 * (an open one), so that what a stall makes late is late by all of it. That is what keeps waiting
 * from being omitted where it can be measured (Gil Tene, "How NOT to Measure Latency", and his
 * wrk2); {@code recordValueWithExpectedInterval} of HdrHistogram makes up, for closed loops, the
 * calls that a stall kept from being made, and would count here twice.
 *
 * @param begin before a turn
 * @param once one call, or one message there and back
 * @param end after a turn
 * @param settles whether a turn begins when the other side's process sleeps
 * @param pauseNanos before each call, not timed
 * @param everyNanos between the times at which two calls are due; 0: when the last has ended
 */
record CallLoop(Call begin, Call once, Call end, boolean settles, long pauseNanos, long everyNanos)
        implements Rounds.Side {
    private static final long SETTLE_NANOS = 10_000_000;
    private static final Call NOTHING = () -> {};

    /** What is done. */
    @FunctionalInterface
    interface Call {
        void run() throws IOException, InterruptedException;
    }

    static CallLoop of(Call once) {
        return new CallLoop(NOTHING, once, NOTHING, false, 0, 0);
    }

    /** For a side that shares its CPU with the other one. */
    CallLoop settling() {
        return new CallLoop(begin, once, end, true, pauseNanos, everyNanos);
    }

    CallLoop between(Call first, Call last) {
        return new CallLoop(first, once, last, settles, pauseNanos, everyNanos);
    }

    CallLoop pausing(long nanos) {
        return new CallLoop(begin, once, end, settles, nanos, everyNanos);
    }

    CallLoop every(long nanos) {
        return new CallLoop(begin, once, end, settles, pauseNanos, nanos);
    }

    /** Lets the process fall asleep that had its turn before. */
    static void settle() {
        LockSupport.parkNanos(SETTLE_NANOS);
    }

    @Override
    public Histogram turn(int count) throws IOException, InterruptedException {
        Histogram histogram = Rounds.histogram();
        if (settles) {
            settle();
        }
        begin.run();
        try {
            long due = System.nanoTime();
            for (int i = 0; i < count; i++) {
                due += everyNanos;
                long start = start(due);
                once.run();
                histogram.recordValue(Rounds.within(System.nanoTime() - start));
            }
        } finally {
            end.run();
        }
        return histogram;
    }

    /** When the next call begins to take time. */
    private long start(long dueNanos) {
        if (everyNanos > 0) {
            spinUntil(dueNanos);
            return dueNanos;
        }
        if (pauseNanos > 0) {
            spinUntil(System.nanoTime() + pauseNanos);
        }
        return System.nanoTime();
    }

    private static void spinUntil(long nanos) {
        while (System.nanoTime() < nanos) {
            Thread.onSpinWait();
        }
    }
}
