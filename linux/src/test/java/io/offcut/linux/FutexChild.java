package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Sleeps on the first word of a shared file while it is 0 and exits with what is then in it. */
final class FutexChild {
    private static final VarHandle WORD = JAVA_INT.varHandle();

    private FutexChild() {}

    public static void main(String[] args) {
        int seen = 0;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = SharedMemory.open(Path.of(args[0]), 8, arena);
            int result = Futex.WOKEN;
            while (seen == 0 && result != Futex.TIMED_OUT) {
                result = Futex.await(word, 0, TimeUnit.SECONDS.toNanos(20));
                seen = (int) WORD.getAcquire(word, 0L);
            }
        }
        System.exit(seen);
    }
}
