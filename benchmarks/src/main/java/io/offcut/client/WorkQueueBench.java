package io.offcut.client;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The queue of invocations, beside one that a single thread may use. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class WorkQueueBench {
    private final WorkQueue queue = new WorkQueue();
    private final ArrayDeque<Invocation> deque = new ArrayDeque<>();
    private final Invocation invocation =
            new Invocation(0, true, MemorySegment.NULL, Invocation.NEVER_NANOS, 0) {
                @Override
                void onEnd() {
                    // It does not end here.
                }
            };

    @Benchmark
    public @Nullable Object bareArrayDeque() {
        deque.add(invocation);
        return deque.poll();
    }

    @Benchmark
    public @Nullable Object putAndTake() {
        queue.put(invocation);
        return queue.take();
    }
}
