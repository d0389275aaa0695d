package io.offcut.scheduler.idle;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.scheduler.NodeObservation;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdleHistoryTest {
    private static final int CORES = 8;

    private final IdleHistory history = new IdleHistory(0.25, Map.of());
    private long now = 1_000_000;

    private static NodeObservation seen(int takenCores) {
        return new NodeObservation("n", List.of("p"), CORES, takenCores, true, List.of());
    }

    private void see(int... takenCores) {
        for (int taken : takenCores) {
            now += 60_000;
            history.observe(seen(taken), now);
        }
    }

    private int learnt() {
        return history.partitions().values().stream().mapToInt(IdleTimes::total).sum();
    }

    @Test
    void anIntervalGoesFromCoresThatBecomeFreeToAJobThatTakesSome() {
        see(8, 4, 4, 2, 8);

        assertThat(learnt()).isOne();
        assertThat(history.idleSinceMillis("n")).isNull();
    }

    @Test
    void whatAJobLeavesOfANodeBeginsAnInterval() {
        see(8, 0);
        long first = now;
        assertThat(history.idleSinceMillis("n")).isEqualTo(first);

        see(3);
        assertThat(learnt()).isOne();
        assertThat(history.idleSinceMillis("n")).isEqualTo(now);
        see(5);
        assertThat(learnt()).isEqualTo(2);
    }

    @Test
    void aJobThatEndsOnANodeWithFreeCoresChangesNothing() {
        see(8, 4);
        long since = now;
        see(2, 0);

        assertThat(history.idleSinceMillis("n")).isEqualTo(since);
        assertThat(learnt()).isZero();
    }

    @Test
    void anIntervalWhoseBeginningNobodySawIsNotLearnt() {
        see(0, 8);
        assertThat(learnt()).isZero();
        see(0, 8);
        assertThat(learnt()).isOne();
    }

    @Test
    void anIntervalThatEndsWithADrainIsNotLearnt() {
        see(8, 0);
        history.observe(new NodeObservation("n", List.of("p"), CORES, 0, false, List.of()), now);
        see(0, 8);

        assertThat(learnt()).isZero();
    }

    @Test
    void guessesByTheMostCautiousPartition() {
        IdleTimes quick = new IdleTimes();
        IdleTimes slow = new IdleTimes();
        for (int i = 0; i < 100; i++) {
            quick.add(100_000);
            slow.add(10_000_000);
        }
        IdleHistory both = new IdleHistory(0.25, Map.of("quick", quick, "slow", slow));
        NodeObservation node =
                new NodeObservation(
                        "n", List.of("slow", "quick", "new"), CORES, 0, true, List.of());
        both.observe(node, now);

        assertThat(both.remainingMillis(node, now))
                .isEqualTo(quick.remainingMillis(0, 0.25))
                .isLessThan(slow.remainingMillis(0, 0.25));
    }

    @Test
    void saysNothingOfABusyNodeOrWithoutHistory() {
        see(8);
        assertThat(history.remainingMillis(seen(8), now)).isEqualTo(-1);
        see(0);
        assertThat(history.remainingMillis(seen(0), now)).isEqualTo(-1);
    }

    @Test
    void forgetsNodesThatAreGone() {
        see(8, 0);
        history.keepOnly(Set.of());

        assertThat(history.idleSinceMillis("n")).isNull();
    }
}
