package io.offcut.executor;

import static io.offcut.executor.Invoker.call;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.frame.MemoryStatus;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A device that is taken away while it is used, by both sides. Runs in the guest, by GuestTest of
 * end-to-end, after all others that need the device.
 */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeviceGoneInGuest {
    private static final long PATIENCE_SECONDS = 60;

    @TempDir Path dir;

    @Test
    void bothSidesEndWhatWasUnderWayAndLiveOn() throws Exception {
        TestBundle bundle = TestBundle.make(dir.resolve("bundle"));
        try (TestExecutor executor = TestExecutor.start(bundle, TestExecutor.Options.DEFAULT);
                TestHolder holder = TestHolder.start(Files.createDirectory(dir.resolve("h")));
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            try (InvocationChannel channel = executor.open(ChannelDescriptor.VERBS);
                    MemoryChannel memory = holder.open(ChannelDescriptor.VERBS)) {
                AtomicInteger done = new AtomicInteger();
                Future<Integer> calls =
                        threads.submit(() -> callUntilItEnds(channel, bundle, done));
                Future<Integer> accesses = threads.submit(() -> accessUntilItEnds(memory, done));
                Awaitility.await()
                        .atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                        .until(() -> done.get() > 100);
                // It blocks until every process that has opened the device has ended, this one too.
                Process _ =
                        new ProcessBuilder("rdma", "link", "delete", "rxe0").inheritIO().start();
                assertThat(calls.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .isEqualTo(InvocationStatus.DISCONNECTED.code());
                assertThat(accesses.get(PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .isEqualTo(MemoryStatus.UNREACHABLE.code());
                assertThat(channel.acquire()).isEqualTo(InvocationChannel.NONE);
                assertThat(memory.fetchAndAdd(0, 1)).isEqualTo(MemoryStatus.UNREACHABLE.code());
            }
            try (InvocationChannel channel = executor.open(ChannelDescriptor.TCP);
                    MemoryChannel memory = holder.open(ChannelDescriptor.TCP)) {
                assertThat(call(channel, bundle.index("echo"), new byte[] {5}).bytes())
                        .containsExactly(5);
                assertThat(memory.fetchAndAdd(0, 0)).isZero();
                assertThat(memory.await(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS))).isTrue();
                assertThat(memory.value()).isPositive();
            }
        }
    }

    private static int callUntilItEnds(
            InvocationChannel channel, TestBundle bundle, AtomicInteger done) {
        for (int id = 0; ; id++) {
            int slot = Invoker.post(channel, id, bundle.index("echo"), new byte[] {5}, 0);
            int came = InvocationChannel.NONE;
            while (came == InvocationChannel.NONE) {
                came = channel.await(TimeUnit.MILLISECONDS.toNanos(20));
            }
            assertThat(came).isEqualTo(slot);
            int status = channel.status(slot);
            channel.release(slot);
            if (status != 0) {
                return status;
            }
            done.incrementAndGet();
        }
    }

    private static int accessUntilItEnds(MemoryChannel memory, AtomicInteger done) {
        MemorySegment page = MemorySegment.ofArray(new byte[100_000]);
        while (true) {
            int refused = memory.fetchAndAdd(0, 1);
            refused = refused == 0 ? memory.write(8, page) : refused;
            if (refused != 0) {
                return refused;
            }
            while (memory.outstanding() > 0) {
                if (memory.await(TimeUnit.MILLISECONDS.toNanos(20)) && memory.status() != 0) {
                    return memory.status();
                }
            }
            done.incrementAndGet();
        }
    }
}
