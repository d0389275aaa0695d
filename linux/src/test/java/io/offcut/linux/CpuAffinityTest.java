package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.offcut.core.CpuSet;
import io.offcut.core.OffcutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class CpuAffinityTest {
    @Test
    void pinsOnlyTheCallingThread() throws Exception {
        CpuSet before = CpuAffinity.current();
        int last = before.toArray()[before.size() - 1];
        CompletableFuture<CpuSet> pinned = new CompletableFuture<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(() -> {
                            CpuAffinity.pinCurrentThread(CpuSet.of(last));
                            pinned.complete(CpuAffinity.current());
                        });
        assertThat(pinned.get(10, TimeUnit.SECONDS)).isEqualTo(CpuSet.of(last));
        thread.join();
        assertThat(CpuAffinity.current()).isEqualTo(before);
    }

    @Test
    void refusesCpusThatAreNotThere() {
        assertThatThrownBy(() -> CpuAffinity.pinCurrentThread(CpuSet.of(CpuSet.MAX_CPU)))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("8191")
                .hasMessageContaining("may use '" + CpuAffinity.current() + "'");
        assertThatThrownBy(() -> CpuAffinity.pinCurrentThread(CpuSet.empty()))
                .isInstanceOf(OffcutException.class);
    }

    @Test
    void refusesToPinAVirtualThread() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        CpuAffinity.pinCurrentThread(CpuSet.of(0));
                    } catch (IllegalStateException e) {
                        thrown.set(e);
                    }
                })
                .join();
        assertThat(thrown.get()).hasMessageContaining("virtual thread");
    }

    @Test
    void seesTheAffinityOfAnotherProcess() {
        int first = CpuAffinity.current().toArray()[0];
        try (Children children = new Children()) {
            Process child =
                    children.start("taskset", "-c", Integer.toString(first), "sleep", "600");
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() ->
                            assertThat(CpuAffinity.ofProcess(child.pid()))
                                    .isEqualTo(CpuSet.of(first)));
        }
    }

    @Test
    void processThatIsGoneHasNoCpus() throws Exception {
        try (Children children = new Children()) {
            Process child = children.start("true");
            child.waitFor();
            assertThat(CpuAffinity.ofProcess(child.pid())).isEqualTo(CpuSet.empty());
        }
    }

    @Test
    void onlineCpusHoldThoseOfThisThread() {
        assertThat(CpuAffinity.online().containsAll(CpuAffinity.current())).isTrue();
        assertThat(CpuAffinity.online()).isEqualTo(ProcStat.read(Recorded.PROC).cpus());
    }
}
