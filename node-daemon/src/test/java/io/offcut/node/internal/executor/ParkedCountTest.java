package io.offcut.node.internal.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.linux.Cgroup;
import io.offcut.monitor.OwnExecutor;
import io.offcut.node.internal.executor.ParkedExecutors.Parked;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which processes count as the node's own while they wait, leave and end. */
class ParkedCountTest {
    private ParkedExecutors parked;
    private final List<CpuSet> startedOn = new ArrayList<>();
    private Runnable whileOneStarts = () -> {};

    @BeforeEach
    void make(@TempDir Path dir) {
        parked = new ParkedExecutors(dir.resolve("parked"), this::sleeper);
        parked.clean();
        parked.allow(CpuSet.of(0));
    }

    private Parked sleeper(
            String name, Path log, CpuSet realCpus, Consumer<@Nullable Cgroup> starts)
            throws IOException {
        startedOn.add(realCpus);
        whileOneStarts.run();
        starts.accept(null);
        Process process = new ProcessBuilder("sleep", "600").start();
        return new Parked(ExecutorProcess.id(process.pid()), process, null, log);
    }

    @AfterEach
    void close() {
        parked.close();
    }

    @Test
    void oneThatALeaseWasGivenCountsOnceUntilItIsGone() throws Exception {
        parked.want(() -> 2);
        assertThat(parked.own()).hasSize(2).allMatch(own -> own.cores().isEmpty());
        Parked taken = parked.take(cgroup -> {});
        assertThat(taken).isNotNull();
        assertThat(parked.own())
                .extracting(OwnExecutor::pid)
                .hasSize(2)
                .contains(taken.process().pid());
        taken.end();
        assertThat(taken.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
        Awaitility.await().until(() -> parked.own().size() == 1);
        assertThat(parked.own()).extracting(OwnExecutor::pid).doesNotContain(taken.process().pid());
    }

    @Test
    void theyEndWhenThereIsNoRoomAndOneThatALeaseHasStays() throws Exception {
        parked.want(() -> 2);
        Parked taken = parked.take(cgroup -> {});
        parked.want(() -> 0);
        try {
            assertThat(taken).isNotNull();
            Awaitility.await().until(() -> parked.own().size() == 1);
            assertThat(taken.process().isAlive()).isTrue();
            assertThat(parked.take(cgroup -> {})).isNull();
        } finally {
            if (taken != null) {
                taken.end();
            }
        }
    }

    @Test
    void oneThatStartsWhileItsRoomGoesIsEnded() {
        whileOneStarts = () -> parked.want(() -> 0);
        parked.want(() -> 1);
        assertThat(parked.take(cgroup -> {})).isNull();
        Awaitility.await().until(() -> parked.own().isEmpty());
    }

    @Test
    void noneIsStartedWhileAllCpusAreWanted() {
        parked.allow(CpuSet.empty());
        parked.want(() -> 2);
        assertThat(parked.own()).isEmpty();
        parked.allow(CpuSet.of(0));
        parked.want(() -> 2);
        assertThat(parked.own()).hasSize(2);
    }

    @Test
    void oneWhoseCpusWereTakenBeforeItRanIsStartedOnOthersAtOnce() {
        whileOneStarts = () -> parked.allow(CpuSet.of(1));
        parked.want(() -> 1);
        assertThat(startedOn).containsExactly(CpuSet.of(0), CpuSet.of(1));
        assertThat(parked.own()).hasSize(1);
    }

    @Test
    void whoCountsThemDoesNotWaitForOneThatIsTaken() {
        parked.want(() -> 1);
        List<OwnExecutor> counted = new ArrayList<>();
        Parked taken =
                parked.take(cgroup ->
                        counted.addAll(
                                CompletableFuture.supplyAsync(parked::own)
                                        .orTimeout(60, TimeUnit.SECONDS)
                                        .join()));
        assertThat(counted).hasSize(1);
        assertThat(taken).isNotNull();
        taken.end();
    }

    @Test
    void oneThatWasKilledIsReplaced() throws Exception {
        parked.want(() -> 1);
        long killed = parked.own().getFirst().pid();
        ProcessHandle handle = ProcessHandle.of(killed).orElseThrow();
        assertThat(handle.destroyForcibly()).isTrue();
        Awaitility.await().until(() -> parked.own().isEmpty());
        parked.want(() -> 1);
        assertThat(parked.own())
                .singleElement()
                .satisfies(own -> assertThat(own.pid()).isNotEqualTo(killed));
    }
}
