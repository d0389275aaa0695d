package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TaskDelayTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir Path dir;

    private TaskDelay open(String text) throws IOException {
        Files.writeString(dir.resolve("schedstat"), text);
        TaskDelay task = TaskDelay.open(dir);
        assertThat(task).isNotNull();
        return task;
    }

    @Test
    void readsTimeOnAndBeforeACpu() throws IOException {
        try (TaskDelay task = open("998441169 513715 21\n")) {
            assertThat(task.look()).isTrue();
            assertThat(task.runNanos()).isEqualTo(998_441_169);
            assertThat(task.waitNanos()).isEqualTo(513_715);
        }
    }

    @Test
    void keepsWhatItKnewOfAThreadThatIsGone() throws IOException {
        try (TaskDelay task = open("5 6 7\n")) {
            assertThat(task.look()).isTrue();
            Files.writeString(dir.resolve("schedstat"), "");
            assertThat(task.look()).isFalse();
            assertThat(task.runNanos()).isEqualTo(5);
        }
        assertThat(TaskDelay.open(dir.resolve("gone"))).isNull();
    }

    @Test
    void seesTwoSpinnersOnOneCpuWaitForEachOther() throws IOException {
        assumeTrue(Files.exists(Path.of("/proc/self/schedstat")), "needs a kernel with schedstat");
        Process first = spinner();
        Process second = spinner();
        try (TaskDelay task =
                TaskDelay.open(Path.of("/proc", first.pid() + "", "task", first.pid() + ""))) {
            assertThat(task).isNotNull();
            await().atMost(LIMIT)
                    .until(() ->
                            task.look()
                                    && task.runNanos() > 100_000_000
                                    && task.waitNanos() > task.runNanos() / 4);
        } finally {
            first.destroyForcibly();
            second.destroyForcibly();
        }
    }

    private static Process spinner() throws IOException {
        int cpu = CpuAffinity.current().toArray()[0];
        return new ProcessBuilder(
                        "taskset", "-c", Integer.toString(cpu), "sh", "-c", "while :; do :; done")
                .start();
    }
}
