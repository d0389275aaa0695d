package io.offcut.slurm.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.slurm.internal.cluster.ClusterState.DaemonId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterStateTest {
    @TempDir Path directory;

    @Test
    void isReadAsItWasWritten() {
        ClusterLayout layout = new ClusterLayout(directory);
        ClusterState state =
                new ClusterState(List.of("n1", "n2"), true, false, Map.of())
                        .with("munged", new DaemonId(12, 34))
                        .with("slurmd-n1", new DaemonId(56, 78));

        state.store(layout);

        assertThat(ClusterState.load(layout)).isEqualTo(state);
    }

    @Test
    void tellsWhereNoClusterIs() {
        assertThatThrownBy(() -> ClusterState.load(new ClusterLayout(directory)))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("no test cluster in " + directory);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nodes=../../x",
                "nodes=n1\ndaemons=munged",
                "nodes=n1\ndaemons=a\npid.a=x"
            })
    void refusesADamagedFile(String text) throws IOException {
        ClusterLayout layout = new ClusterLayout(directory);
        Files.writeString(layout.stateFile(), text);

        assertThatThrownBy(() -> ClusterState.load(layout))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("is damaged");
    }

    @Test
    void doesNotMistakeAReusedPid() {
        long pid = ProcessHandle.current().pid();
        long start = Processes.startTicks(pid).orElseThrow();

        assertThat(new DaemonId(pid, start).alive()).isTrue();
        assertThat(new DaemonId(pid, start - 1).alive()).isFalse();
    }

    @Test
    void acceptsOnlyPathsThatSlurmAndTheKernelCanTake() {
        assertThat(new ClusterLayout(Path.of("/tmp/offcut-slurm-1")).usable()).isTrue();
        assertThat(new ClusterLayout(Path.of("/tmp/with blank")).usable()).isFalse();
        assertThat(new ClusterLayout(Path.of("/tmp/a#b")).usable()).isFalse();
        assertThat(new ClusterLayout(Path.of("/tmp/" + "x".repeat(80))).usable()).isFalse();
    }
}
