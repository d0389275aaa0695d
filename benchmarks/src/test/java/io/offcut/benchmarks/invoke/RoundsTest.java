package io.offcut.benchmarks.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.benchmarks.invoke.CaseResult.Shape;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class RoundsTest {
    /** A side whose calls all take so long in its first turn, and so long in its second, … */
    private static Rounds.Side taking(List<String> turns, String name, long... nanos) {
        return count -> {
            Histogram histogram = Rounds.histogram();
            int turn = (int) turns.stream().filter(name::equals).count();
            histogram.recordValueWithCount(nanos[turn], count);
            turns.add(name);
            return histogram;
        };
    }

    @Test
    void sidesTakeTurnsAndTheFirstRoundDoesNotCount() throws Exception {
        List<String> turns = new ArrayList<>();
        Rounds rounds =
                Rounds.of(
                        3,
                        7,
                        taking(turns, "raw", 9_000, 100, 300, 200),
                        taking(turns, "ours", 9_000, 400, 200, 300));

        assertThat(turns)
                .containsExactly("raw", "ours", "raw", "ours", "raw", "ours", "raw", "ours");
        assertThat(rounds.ourRounds()).extracting(Histogram::getTotalCount).containsOnly(7L);
        assertThat(rounds.ours()).isEqualTo(new Rounds.Percentiles(300, 300, 300));
        assertThat(rounds.raw()).isEqualTo(new Rounds.Percentiles(200, 200, 200));
        assertThat(CaseResult.latency(new Shape("a", "shm", "hot", 1), rounds).toRaw())
                .isCloseTo(1.5, within(0.001));
    }

    @Test
    void aTurnBeginsOnceEndsOnceAndTimesEachCall() throws Exception {
        List<String> done = new ArrayList<>();
        CallLoop loop =
                CallLoop.of(() -> done.add("call"))
                        .between(() -> done.add("begin"), () -> done.add("end"));

        assertThat(loop.turn(3).getTotalCount()).isEqualTo(3);
        assertThat(done).containsExactly("begin", "call", "call", "call", "end");
    }
}
