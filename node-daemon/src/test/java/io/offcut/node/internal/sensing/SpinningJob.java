package io.offcut.node.internal.sensing;

import io.offcut.linux.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A job that computes without end and counts what it has done, as the documentation says. */
final class SpinningJob {
    private static final ValueLayout.OfLong COUNTER =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int STEPS = 20_000;

    private SpinningJob() {}

    public static void main(String[] args) {
        MemorySegment counter =
                args.length == 0
                        ? Arena.global().allocate(8)
                        : SharedMemory.open(Path.of(args[0]), 4096, Arena.global());
        long x = 1;
        for (long done = 1; x != 0; done++) {
            for (int i = 0; i < STEPS; i++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
            }
            counter.set(COUNTER, 0, done);
        }
    }
}
