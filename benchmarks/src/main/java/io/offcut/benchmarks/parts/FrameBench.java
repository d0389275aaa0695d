package io.offcut.benchmarks.parts;

import io.offcut.core.frame.InvocationFrame;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

/** Headers, beside the copy of as many bytes. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FrameBench {
    private static final int CAPACITY_BYTES = 1 << 20;

    private final MemorySegment header =
            Arena.global().allocate(InvocationFrame.HEADER_BYTES, InvocationFrame.HEADER_BYTES);
    private final MemorySegment other =
            Arena.global().allocate(InvocationFrame.HEADER_BYTES, InvocationFrame.HEADER_BYTES);
    private long id;

    public FrameBench() {
        InvocationFrame.writeRequest(other, 0, 0, 0, 64, CAPACITY_BYTES, 0);
    }

    @Benchmark
    public MemorySegment bareCopy() {
        MemorySegment.copy(other, 0, header, 0, InvocationFrame.HEADER_BYTES);
        return header;
    }

    @Benchmark
    public MemorySegment writeRequest() {
        InvocationFrame.writeRequest(header, 0, ++id, 1, 64, CAPACITY_BYTES, 0);
        return header;
    }

    @Benchmark
    public MemorySegment writeResponse() {
        InvocationFrame.writeResponse(header, 0, ++id, 0, 64, 100);
        return header;
    }

    @Benchmark
    public int check() {
        return InvocationFrame.check(other, 0, InvocationFrame.REQUEST_MAGIC, CAPACITY_BYTES);
    }
}
