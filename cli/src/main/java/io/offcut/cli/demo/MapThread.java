package io.offcut.cli.demo;

import io.offcut.client.Item;
import io.offcut.client.MapOptions;
import io.offcut.client.Result;
import io.offcut.client.WorkerPool;
import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.MemorySegment;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one function busy with the same inputs over and over, and checks every result, until told
 * to finish.
 */
final class MapThread {
    /** Whether a result is the right one for an input. */
    interface Check {
        boolean matches(int input, MemorySegment result);
    }

    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final MapOptions FEW_AHEAD = new MapOptions(false, 64, 64L << 20, 0);

    private final String function;
    private final Check check;
    private final Histogram roundTrips = new Histogram(HIGHEST_NANOS, 3);
    private final AtomicLong done = new AtomicLong();
    private final Thread thread;
    private long verified;
    private @Nullable String firstFailure;
    private volatile boolean finishing;
    private volatile @Nullable RuntimeException crash;

    private MapThread(
            WorkerPool pool, String function, int inputs, IntFunction<byte[]> input, Check check) {
        this.function = function;
        this.check = check;
        this.thread =
                Thread.ofPlatform()
                        .name("map-" + function)
                        .unstarted(() -> {
                            try {
                                pool.map(function, endless(inputs, input), FEW_AHEAD, this::handle);
                            } catch (RuntimeException e) {
                                crash = e;
                            }
                        });
    }

    /** Begins, with at least one input. */
    static MapThread start(
            WorkerPool pool, String function, int inputs, IntFunction<byte[]> input, Check check) {
        MapThread map = new MapThread(pool, function, inputs, input, check);
        map.thread.start();
        return map;
    }

    private Iterator<Item<Integer>> endless(int inputs, IntFunction<byte[]> input) {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return !finishing;
            }

            @Override
            public Item<Integer> next() {
                int current = next;
                next = (next + 1) % inputs;
                return Item.of(current, input.apply(current));
            }
        };
    }

    private void handle(Integer input, Result result) {
        done.incrementAndGet();
        if (!result.ok()) {
            fail("input " + input + ": " + result.status() + ": " + result.message());
        } else if (!check.matches(input, MemorySegment.ofArray(result.payload()))) {
            fail("input " + input + ": the result is wrong");
        } else {
            verified++;
            roundTrips.recordValue(Math.min(result.roundTripNanos(), HIGHEST_NANOS));
        }
    }

    private void fail(String what) {
        if (firstFailure == null) {
            firstFailure = what;
        }
    }

    /** Invocations that ended so far. */
    long done() {
        return done.get();
    }

    /** Takes no more inputs and waits for the results that are due. */
    void finish() throws InterruptedException {
        finishing = true;
        thread.join(60_000);
        if (thread.isAlive()) {
            thread.interrupt();
            throw new OffcutException(
                    ErrorCode.INTERNAL, "demo: " + function + " did not end within a minute");
        }
        RuntimeException why = crash;
        if (why != null) {
            throw why;
        }
    }

    /** How it went. After {@link #finish}. */
    DemoReport.Function outcome() {
        return new DemoReport.Function(
                function,
                done.get(),
                verified,
                firstFailure,
                roundTrips.getValueAtPercentile(50),
                roundTrips.getValueAtPercentile(99));
    }
}
