package io.offcut.node.internal.sensing;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.node.internal.sensing.StandStill.Side;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StandStillTest {
    private final List<CpuSet> told = new ArrayList<>();
    private final StandStill standStill = new StandStill(told::add);

    @Test
    void unitesWhatJobsAndTheGuardWant() {
        standStill.want(Side.JOBS, CpuSet.of(1));
        standStill.want(Side.GUARD, CpuSet.range(1, 2));
        standStill.want(Side.JOBS, CpuSet.empty());
        standStill.want(Side.GUARD, CpuSet.empty());
        assertThat(told)
                .containsExactly(
                        CpuSet.of(1), CpuSet.range(1, 2), CpuSet.range(1, 2), CpuSet.empty());
    }
}
