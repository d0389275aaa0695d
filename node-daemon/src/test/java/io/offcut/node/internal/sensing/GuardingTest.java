package io.offcut.node.internal.sensing;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is offered once the guard has withdrawn cores. */
class GuardingTest {
    private static final Offer MEMORY = offer("unallocated", CpuSet.empty());
    private static final Offer OF_JOB =
            new Offer("job-7", CpuSet.of(2, 3), 1, Offer.Reason.UNDERUSED, 1);

    private static Offer offer(String id, CpuSet cores) {
        return new Offer(id, cores, 1, Offer.Reason.UNALLOCATED, 1);
    }

    @Test
    void memoryWithoutCoresIsOfferedAsLongAsSomeCoreIs() {
        assertThat(Guarding.without(CpuSet.of(3), List.of(MEMORY, OF_JOB)))
                .containsExactly(MEMORY, OF_JOB.withCores(CpuSet.of(2)));
        Offer idle = offer("unallocated", CpuSet.of(1));
        assertThat(Guarding.without(CpuSet.of(2, 3), List.of(idle, OF_JOB))).containsExactly(idle);
    }

    @Test
    void nothingIsOfferedWhereAllCoresAreWithdrawn() {
        assertThat(Guarding.without(CpuSet.of(2, 3), List.of(MEMORY, OF_JOB))).isEmpty();
    }

    @Test
    void memoryBesideJobsThatNobodySlowsIsOffered() {
        assertThat(Guarding.without(CpuSet.empty(), List.of(MEMORY))).containsExactly(MEMORY);
    }
}
