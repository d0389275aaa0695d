package io.offcut.node.internal.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where what only holds memory may run. */
class StillnessTest {
    private static final CpuSet CORES = CpuSet.of(0, 1, 2);

    private final Stillness stillness = new Stillness(List.of(), slot -> {}, free -> {});

    @Test
    void holdersRunOnFreeCores() {
        stillness.want(CpuSet.of(0));
        stillness.offered(CpuSet.of(0, 1));
        assertThat(stillness.forHolders(CORES)).isEqualTo(CpuSet.of(1));
    }

    @Test
    void holdersKeepOffCoresThatAreWantedWhereNoneIsFree() {
        stillness.want(CpuSet.of(0));
        stillness.offered(CpuSet.empty());
        assertThat(stillness.forHolders(CORES)).isEqualTo(CpuSet.of(1, 2));
    }

    @Test
    void holdersRunAnywhereWhereAllAreWanted() {
        stillness.want(CORES);
        stillness.offered(CORES);
        assertThat(stillness.forHolders(CORES)).isEqualTo(CORES);
    }
}
