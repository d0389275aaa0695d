package io.offcut.benchmarks.invoke;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Calls of this thread, one after the other, each timed.
 *
 * @param begin before a turn
 * @param once one call, or one message there and back
 * @param end after a turn
 * @param settles whether a turn begins when the other side's process sleeps
 * @param pauseNanos before each call, not timed
 */
record CallLoop(Call begin, Call once, Call end, boolean settles, long pauseNanos)
        implements Rounds.Side {
    private static final long SETTLE_NANOS = 10_000_000;
    private static final Call NOTHING = () -> {};

    /** What is done. */
    @FunctionalInterface
    interface Call {
        void run() throws IOException, InterruptedException;
    }

    static CallLoop of(Call once) {
        return new CallLoop(NOTHING, once, NOTHING, false, 0);
    }

    /** For a side that shares its CPU with the other one. */
    CallLoop settling() {
        return new CallLoop(begin, once, end, true, pauseNanos);
    }

    CallLoop between(Call first, Call last) {
        return new CallLoop(first, once, last, settles, pauseNanos);
    }

    CallLoop pausing(long nanos) {
        return new CallLoop(begin, once, end, settles, nanos);
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
            for (int i = 0; i < count; i++) {
                pause();
                long start = System.nanoTime();
                once.run();
                histogram.recordValue(Rounds.within(System.nanoTime() - start));
            }
        } finally {
            end.run();
        }
        return histogram;
    }

    private void pause() {
        if (pauseNanos > 0) {
            long until = System.nanoTime() + pauseNanos;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
        }
    }
}
