package io.offcut.node;

import io.offcut.core.function.OffcutFunction;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/** Java functions that can tell whether their process had a lease before. */
public final class WarmFunctions {
    static final List<String> NAMES = List.of("Count", "Burn", "Spin", "Leave", "Hang");
    static final int COUNT = 0;
    static final int BURN = 1;
    static final int SPIN = 2;
    static final int LEAVE = 3;
    static final int HANG = 4;

    /** So long it computes before it waits. */
    static final long HANG_BUSY_NANOS = 300_000_000;

    private static int calls;

    private WarmFunctions() {}

    private static int answer(String text, MemorySegment out) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, out, 0, bytes.length);
        return bytes.length;
    }

    /** How often it was called in this process, and how many files lay at home; leaves another. */
    public static final class Count implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) throws IOException {
            calls++;
            Path home = Path.of(System.getenv("HOME"));
            try (Stream<Path> files = Files.list(home)) {
                int number = answer(calls + " calls, " + files.count() + " files", out);
                Files.writeString(home.resolve("left-" + calls), "");
                return number;
            }
        }
    }

    /** Uses half a second of CPU time. */
    public static final class Burn implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            long until = System.nanoTime() + 500_000_000;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            return 0;
        }
    }

    /** Leaves a thread running that never ends. */
    public static final class Spin implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) {
            Thread.ofPlatform()
                    .daemon()
                    .start(() -> {
                        while (true) {
                            Thread.onSpinWait();
                        }
                    });
            return 0;
        }
    }

    /** Leaves a process running. */
    public static final class Leave implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) throws IOException {
            return answer(Long.toString(new ProcessBuilder("sleep", "1000").start().pid()), out);
        }
    }

    /** Does not come back. */
    public static final class Hang implements OffcutFunction {
        @Override
        public int invoke(MemorySegment in, MemorySegment out) throws InterruptedException {
            // Seen from outside by what it uses.
            long until = System.nanoTime() + HANG_BUSY_NANOS;
            while (System.nanoTime() - until < 0) {
                Thread.onSpinWait();
            }
            new CountDownLatch(1).await();
            return 0;
        }
    }
}
