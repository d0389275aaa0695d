package io.offcut.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class SignalsTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void stopsContinuesAndKillsAChild() throws Exception {
        try (Children children = new Children()) {
            Process child = children.spinning();
            assertThat(Signals.send(child.pid(), Signals.SIGSTOP)).isTrue();
            await().atMost(LIMIT).until(() -> state(child.pid()) == 'T');
            long before = ProcessCpu.cpuMicros(child.pid());
            assertThat(Signals.send(child.pid(), Signals.SIGCONT)).isTrue();
            await().atMost(LIMIT).until(() -> ProcessCpu.cpuMicros(child.pid()) > before);
            assertThat(Signals.send(child.pid(), Signals.SIGKILL)).isTrue();
            assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).isEqualTo(128 + Signals.SIGKILL);
            assertThat(Signals.send(child.pid(), Signals.SIGTERM)).isFalse();
        }
    }

    @Test
    void killsExactlyTheProcessMeant() throws Exception {
        try (Children children = new Children()) {
            Process child = children.sleeping();
            ProcessRef right = ProcessRef.of(child.pid());
            ProcessRef reused = new ProcessRef(child.pid(), right.startTimeTicks() - 1);
            assertThat(Signals.send(reused, Signals.SIGKILL)).isFalse();
            assertThat(child.isAlive()).isTrue();
            assertThat(Signals.send(right, Signals.SIGKILL)).isTrue();
            assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(Signals.send(right, Signals.SIGKILL)).isFalse();
            assertThat(right.exists()).isFalse();
        }
    }

    @Test
    void refusesIdsThatMeanMoreThanOneProcess() {
        for (long pid : List.of(0L, -1L, 1L, -4242L, 1L << 40)) {
            assertThatThrownBy(() -> Signals.send(pid, Signals.SIGKILL))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Long.toString(pid));
        }
    }

    @Test
    void findsAndKillsAWholeFamily() throws Exception {
        try (Children children = new Children()) {
            Process parent = children.shell("sh -c 'sleep 600 & sleep 600 & wait' & wait");
            await().atMost(LIMIT).until(() -> ProcessTree.descendants(parent.pid()).size() == 3);
            List<ProcessRef> family = ProcessTree.descendants(parent.pid());
            int signalled = ProcessTree.signalAll(ProcessRef.of(parent.pid()), Signals.SIGKILL);
            assertThat(signalled).isEqualTo(4);
            assertThat(parent.waitFor(20, TimeUnit.SECONDS)).isTrue();
            await().atMost(LIMIT)
                    .until(() ->
                            family.stream().allMatch(p -> !p.exists() || state(p.pid()) == 'Z'));
        }
    }

    @Test
    void familyOfAProcessThatIsGoneIsEmpty() throws Exception {
        try (Children children = new Children()) {
            Process child = children.start("true");
            child.waitFor();
            assertThat(ProcessTree.startTimeTicks(child.pid())).isEqualTo(-1);
            assertThat(ProcessTree.descendants(child.pid())).isEmpty();
            assertThat(ProcessTree.signalAll(ProcessRef.of(child.pid()), Signals.SIGKILL)).isZero();
        }
    }

    private static char state(long pid) {
        ProcessStat stat = ProcessStat.read(Recorded.PROC.resolve(Long.toString(pid)));
        return Objects.requireNonNullElse(stat, new ProcessStat(pid, 'X', 0, 0, 0, 0)).state();
    }
}
