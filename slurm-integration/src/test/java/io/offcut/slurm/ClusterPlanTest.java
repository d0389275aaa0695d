package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.IdleEnd;
import io.offcut.core.IdleEnd.Why;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClusterPlanTest {
    private static final long NOW = 1_000_000_000;
    private static final long MINUTE = 60_000;

    private final ClusterPlan plan = new ClusterPlan();

    private static PlannedStart start(String job, long atMillis, String... nodes) {
        return new PlannedStart(job, Instant.ofEpochMilli(atMillis), List.of(nodes));
    }

    private static SlurmReservation reservation(String name, long atMillis, String... flags) {
        return new SlurmReservation(
                name,
                Instant.ofEpochMilli(atMillis),
                Instant.ofEpochMilli(atMillis + 30 * MINUTE),
                Set.of(flags),
                List.of("a"));
    }

    @Test
    void theFirstJobAndTheFirstReservationLimitANode() {
        Map<String, List<IdleEnd>> ends =
                plan.update(
                        List.of(
                                start("3", NOW + 9 * MINUTE, "a", "b"),
                                start("2", NOW + 5 * MINUTE, "a")),
                        List.of(
                                reservation("late", NOW + 8 * MINUTE),
                                reservation("soon", NOW + 7 * MINUTE, "MAINT")),
                        NOW);

        assertThat(ends)
                .isEqualTo(
                        Map.of(
                                "a",
                                List.of(
                                        new IdleEnd(NOW + 5 * MINUTE, Why.PLAN, "2"),
                                        new IdleEnd(NOW + 7 * MINUTE, Why.RESERVATION, "soon")),
                                "b",
                                List.of(new IdleEnd(NOW + 9 * MINUTE, Why.PLAN, "3"))));
    }

    @Test
    void aReservationThatHasBegunOrNeverBeginsLimitsNothing() {
        assertThat(
                        plan.update(
                                List.of(),
                                List.of(
                                        reservation("begun", NOW),
                                        reservation("floating", NOW + MINUTE, "TIME_FLOAT")),
                                NOW))
                .isEmpty();
    }

    @Test
    void aJobThatIsAlwaysAboutToStartWasDueWhenThatWasSaidFirst() {
        plan.update(List.of(start("2", NOW + 1_000, "a")), List.of(), NOW);

        assertThat(plan.update(List.of(start("2", NOW + MINUTE, "a")), List.of(), NOW + MINUTE))
                .isEqualTo(Map.of("a", List.of(new IdleEnd(NOW + 1_000, Why.PLAN, "2"))));
    }

    @Test
    void aJobThatWasPutOffIsDueAnew() {
        plan.update(List.of(start("2", NOW, "a")), List.of(), NOW);
        long later = NOW + 5 * MINUTE;
        plan.update(List.of(start("2", later, "a")), List.of(), NOW + 5_000);

        assertThat(plan.update(List.of(start("2", later, "a")), List.of(), later))
                .isEqualTo(Map.of("a", List.of(new IdleEnd(later, Why.PLAN, "2"))));
    }
}
