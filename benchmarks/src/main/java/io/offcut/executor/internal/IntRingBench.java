package io.offcut.executor.internal;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The queue of slots, beside the collection that would do the same. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class IntRingBench {
    private static final int SLOTS = 16;

    private final IntRing ring = new IntRing(SLOTS);
    private final ArrayDeque<Integer> deque = new ArrayDeque<>(SLOTS);
    private int slot;

    public IntRingBench() {
        // Half full, so that it goes round.
        for (int item = 0; item < SLOTS / 2; item++) {
            ring.add(item);
            deque.add(item);
        }
    }

    @Benchmark
    public int bareArrayDeque() {
        deque.add(++slot % SLOTS);
        return deque.remove();
    }

    @Benchmark
    public int addAndRemove() {
        ring.add(++slot % SLOTS);
        return ring.remove();
    }
}
