package io.offcut.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FutexTest {
    private static final VarHandle WORD = JAVA_INT.varHandle();
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    @Test
    void doesNotSleepOnAnotherValue() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(JAVA_INT);
            assertThat(Futex.await(word, 7, LIMIT_NANOS)).isEqualTo(Futex.CHANGED);
        }
    }

    @Test
    void givesUpAfterItsTime() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(JAVA_INT);
            assertThat(Futex.await(word, 0, 1_000_000)).isEqualTo(Futex.TIMED_OUT);
            assertThat(Futex.await(word, 0, 0)).isEqualTo(Futex.TIMED_OUT);
        }
    }

    @Test
    void wakesASleepingThread() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(JAVA_INT);
            CompletableFuture<Integer> result = new CompletableFuture<>();
            Thread sleeper =
                    Thread.ofPlatform()
                            .start(() -> result.complete(Futex.await(word, 0, LIMIT_NANOS)));
            // wake returns 1 exactly when somebody slept.
            await().atMost(Duration.ofSeconds(20)).until(() -> Futex.wake(word, 1) == 1);
            assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo(Futex.WOKEN);
            sleeper.join();
            assertThat(Futex.wake(word, 1)).isZero();
        }
    }

    @Test
    void reachesAcrossProcesses(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("word");
        String java = ProcessHandle.current().info().command().orElseThrow();
        try (Arena arena = Arena.ofShared();
                Children children = new Children()) {
            MemorySegment word = SharedMemory.create(file, 8, "rw-------", arena);
            Process child =
                    children.start(
                            java,
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            FutexChild.class.getName(),
                            file.toString());
            await().atMost(Duration.ofSeconds(30)).until(() -> Futex.wake(word, 1) == 1);
            WORD.setRelease(word, 0L, 42);
            Futex.wake(word, 1);
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).isEqualTo(42);
        }
    }

    @Test
    void refusesWordsTheKernelCannotSleepOn() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(8, 8);
            assertThatThrownBy(() -> Futex.wake(area.asSlice(2, 4), 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Futex.wake(area.asSlice(0, 2), 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Futex.wake(MemorySegment.ofArray(new int[2]), 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void allocatesNothingPerCallOnceWarm() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment word = arena.allocate(JAVA_INT);
            int calls = 20_000;
            long bytesPerCall = Long.MAX_VALUE;
            // The compiler works beside us: give it rounds, and let any clean one count.
            for (int round = 0; round < 100 && bytesPerCall > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                callOften(word, calls);
                bytesPerCall = (threads.getCurrentThreadAllocatedBytes() - before) / calls;
            }
            assertThat(bytesPerCall).isZero();
        }
    }

    private static void callOften(MemorySegment word, int calls) {
        for (int i = 0; i < calls; i++) {
            if (Futex.wake(word, 1) != 0 || Futex.await(word, 1, 1000) != Futex.CHANGED) {
                throw new AssertionError("unexpected result in call " + i);
            }
        }
    }
}
