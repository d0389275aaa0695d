package io.offcut.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.NodeChange;
import io.offcut.slurm.SlurmNode;
import io.offcut.slurm.SlurmNode.Availability;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SlurmDrainsTest {
    private final Map<String, String> drained = new TreeMap<>();
    private final Set<String> connected = new HashSet<>(Set.of("n1", "n2"));
    private final SlurmDrains drains =
            new SlurmDrains(
                    new SlurmDrains.Nodes() {
                        @Override
                        public Map<String, String> drained() {
                            return Map.copyOf(drained);
                        }

                        @Override
                        public void drain(String node, String reason) {
                            require(node);
                            drained.put(node, reason);
                        }

                        @Override
                        public void resume(String node) {
                            require(node);
                            drained.remove(node);
                        }

                        private void require(String node) {
                            if (!connected.contains(node)) {
                                throw new OffcutException(ErrorCode.NOT_FOUND, node);
                            }
                        }
                    });

    private static NodeChange change(String node, Availability availability) {
        return new NodeChange(node, availability, "disk");
    }

    private static SlurmNode slurmNode(String name) {
        return new SlurmNode(
                name, SlurmNode.State.IDLE, Set.of(), 4, 1 << 20, 0, 0, List.of("p"), "");
    }

    @Test
    void followsSlurm() {
        drains.changed(change("n1", Availability.DRAINED));
        drains.changed(change("n2", Availability.DOWN));
        assertThat(drained)
                .containsExactly(
                        Map.entry("n1", "Slurm: DRAINED: disk"),
                        Map.entry("n2", "Slurm: DOWN: disk"));

        drains.changed(change("n1", Availability.AVAILABLE));
        assertThat(drained).containsOnlyKeys("n2");
    }

    @Test
    void leavesAnOperatorsWordAlone() {
        drained.put("n1", "new memory");

        drains.changed(change("n1", Availability.DOWN));
        drains.changed(change("n1", Availability.AVAILABLE));

        assertThat(drained).containsEntry("n1", "new memory");
    }

    @Test
    void triesAgainWhenTheNodeHasConnected() {
        drains.changed(change("n3", Availability.DRAINED));
        assertThat(drained).isEmpty();

        connected.add("n3");
        drains.apply();

        assertThat(drained).containsEntry("n3", "Slurm: DRAINED: disk");
    }

    @Test
    void putsBackWhatAnEarlierRunTookOutAndSlurmUsesAgain() {
        drained.put("n1", "Slurm: DOWN");
        drained.put("n2", "new memory");

        drains.caughtUp(List.of(slurmNode("n1"), slurmNode("n2")));

        assertThat(drained).containsOnlyKeys("n2");
    }
}
