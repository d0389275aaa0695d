package io.offcut.scheduler.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.core.ErrorCode;
import io.offcut.core.IdleEnd;
import io.offcut.core.OffcutException;
import io.offcut.scheduler.NodeObservation;
import io.offcut.scheduler.brain.BrainEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class IdleDeskTest {
    private static final long SECOND = 1_000;
    private static final long NOW = 1_000_000_000;
    private static final IdleEnd JOB = new IdleEnd(NOW + 600 * SECOND, IdleEnd.Why.PLAN, "7");

    private final List<BrainEvent.IdleEndsExpected> events = new ArrayList<>();
    private final List<Integer> saved = new ArrayList<>();
    private final IdleDesk desk = desk(0.25, Map.of());

    private IdleDesk desk(double quantile, Map<String, IdleTimes> known) {
        return new IdleDesk(
                event -> events.add((BrainEvent.IdleEndsExpected) event),
                quantile,
                known,
                times -> saved.add(times.values().stream().mapToInt(IdleTimes::total).sum()));
    }

    private static NodeObservation node(int takenCores, IdleEnd... ends) {
        return new NodeObservation("n", List.of("p"), 4, takenCores, true, List.of(ends));
    }

    /** Nodes of the partition that were idle for 20 s to 2000 s. */
    private static Map<String, IdleTimes> known() {
        IdleTimes times = new IdleTimes();
        for (int i = 1; i <= 100; i++) {
            times.add(20 * SECOND * i);
        }
        return Map.of("p", times);
    }

    @Test
    void tellsTheCoreOnlyWhatChanges() {
        desk.observed(List.of(node(0, JOB)), NOW);
        desk.observed(List.of(node(0, JOB)), NOW + 5 * SECOND);
        desk.observed(List.of(node(0)), NOW + 10 * SECOND);

        assertThat(events)
                .containsExactly(
                        new BrainEvent.IdleEndsExpected("n", List.of(JOB)),
                        new BrainEvent.IdleEndsExpected("n", List.of()));
    }

    @Test
    void aNodeThatIsNoLongerThereHasNoPlan() {
        desk.observed(List.of(node(0, JOB)), NOW);
        desk.observed(List.of(), NOW + 5 * SECOND);

        assertThat(events.getLast()).isEqualTo(new BrainEvent.IdleEndsExpected("n", List.of()));
    }

    @Test
    void addsAGuessFromHistory() {
        desk(0.25, known()).observed(List.of(node(0, JOB)), NOW);

        assertThat(events).hasSize(1);
        assertThat(events.getFirst().ends()).hasSize(2).startsWith(JOB);
        IdleEnd guess = events.getFirst().ends().getLast();
        assertThat(guess.why()).isEqualTo(IdleEnd.Why.HISTORY);
        assertThat(guess.atEpochMillis()).isCloseTo(NOW + 500 * SECOND, within(50 * SECOND));
    }

    @Test
    void aGuessMovesOnBeforeItsTimeComesAndNotAtEveryLook() {
        IdleDesk withHistory = desk(0.25, known());
        for (long now = NOW; now <= NOW + 1_000 * SECOND; now += 5 * SECOND) {
            withHistory.observed(List.of(node(0)), now);
            assertThat(events.getLast().ends().getLast().atEpochMillis()).isGreaterThan(now);
        }

        assertThat(events).hasSizeBetween(2, 20);
        assertThat(events).extracting(event -> event.ends().getLast().atEpochMillis()).isSorted();
    }

    @Test
    void aGuessReachesFurtherThanTheNextObservations() {
        IdleTimes brief = new IdleTimes();
        for (int i = 0; i < 100; i++) {
            brief.add(2 * SECOND);
        }
        IdleDesk slow = desk(0.25, Map.of("p", brief));
        slow.observed(List.of(node(4)), NOW);
        slow.observed(List.of(node(0)), NOW + 60 * SECOND);

        assertThat(events.getLast().ends().getLast().atEpochMillis()).isEqualTo(NOW + 240 * SECOND);
    }

    @Test
    void withdrawsGuessesAndKeepsPlansWhileNobodyCanTell() {
        IdleDesk withHistory = desk(0.25, known());
        withHistory.observed(List.of(node(0, JOB)), NOW);
        withHistory.unobserved();

        assertThat(events.getLast()).isEqualTo(new BrainEvent.IdleEndsExpected("n", List.of(JOB)));
    }

    @Test
    void learnsNothingFromAnIntervalThatNobodyWatched() {
        desk.observed(List.of(node(4)), NOW);
        desk.observed(List.of(node(0)), NOW + 5 * SECOND);
        desk.unobserved();
        desk.observed(List.of(node(0)), NOW + 100 * SECOND);
        desk.observed(List.of(node(4)), NOW + 105 * SECOND);
        desk.close();

        assertThat(saved).isEmpty();
    }

    @Test
    void quantileZeroGuessesAndLearnsNothing() {
        IdleDesk off = desk(0, known());
        off.observed(List.of(node(4)), NOW);
        off.observed(List.of(node(0)), NOW + 5 * SECOND);
        off.observed(List.of(node(4)), NOW + 10 * SECOND);
        off.close();

        assertThat(events).isEmpty();
        assertThat(saved).isEmpty();
    }

    @Test
    void savesWhatItLearntOnceAMinuteAndAtItsEnd() {
        long now = NOW;
        for (int i = 0; i < 40; i++) {
            desk.observed(List.of(node(i % 2 == 0 ? 4 : 0)), now += 5 * SECOND);
        }
        assertThat(saved).hasSizeBetween(2, 4);

        desk.close();
        assertThat(saved.getLast()).isEqualTo(19);
        desk.close();
        assertThat(saved).hasSizeLessThanOrEqualTo(5);
    }

    @Test
    void aFullDiskCostsOnlyWhatWasLearnt() {
        IdleDesk full =
                new IdleDesk(
                        event -> events.add((BrainEvent.IdleEndsExpected) event),
                        0.25,
                        Map.of(),
                        times -> {
                            throw new OffcutException(ErrorCode.EXHAUSTED, "the disk is full");
                        });
        full.observed(List.of(node(4)), NOW);
        full.observed(List.of(node(0)), NOW + 60 * SECOND);
        full.observed(List.of(node(4, JOB)), NOW + 120 * SECOND);

        assertThat(events).hasSize(1);
    }
}
