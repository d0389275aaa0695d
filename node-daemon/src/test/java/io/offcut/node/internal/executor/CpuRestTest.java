package io.offcut.node.internal.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.offcut.linux.ProcessCpu;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What counts as standing still before the kernel says so. */
class CpuRestTest {
    private final CpuRest rest = new CpuRest();

    @Test
    void whatSleepsRestsAndWhatComputesDoesNot() throws IOException {
        Process sleeps = new ProcessBuilder("sleep", "600").start();
        Process computes = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            // Also beside one that sleeps, and as long as one looks.
            List<Long> both = List.of(sleeps.pid(), computes.pid());
            long begun = ProcessCpu.cpuMicros(computes.pid());
            await().pollInterval(Duration.ofMillis(5))
                    .until(() -> {
                        assertThat(rest.look(() -> both)).isFalse();
                        return ProcessCpu.cpuMicros(computes.pid()) > begun + 100_000;
                    });
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> rest.look(() -> List.of(sleeps.pid())));

            rest.forget();
            assertThat(rest.look(() -> List.of(sleeps.pid()))).isFalse();
        } finally {
            sleeps.destroyForcibly();
            computes.destroyForcibly();
        }
    }

    @Test
    void oneThatJoinedMeanwhileIsLookedAtAnew() throws IOException {
        Process first = new ProcessBuilder("sleep", "600").start();
        Process second = new ProcessBuilder("sleep", "600").start();
        try {
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> rest.look(() -> List.of(first.pid())));
            List<Long> both = List.of(first.pid(), second.pid());
            await().pollDelay(Duration.ofMillis(1)).until(() -> !rest.look(() -> both));
        } finally {
            first.destroyForcibly();
            second.destroyForcibly();
        }
    }
}
