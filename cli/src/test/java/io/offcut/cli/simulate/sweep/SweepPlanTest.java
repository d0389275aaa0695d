package io.offcut.cli.simulate.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SweepPlanTest {
    @Test
    void goesThroughTheWholeGridFirstOptionSlowest() {
        SweepPlan plan = plan("scheduler=fcfs,easy", "--workers=1,2,3");

        assertThat(plan.points()).isEqualTo(6);
        assertThat(IntStream.range(0, 6).mapToObj(plan::words))
                .containsExactly(
                        List.of("--scheduler=fcfs", "--workers=1"),
                        List.of("--scheduler=fcfs", "--workers=2"),
                        List.of("--scheduler=fcfs", "--workers=3"),
                        List.of("--scheduler=easy", "--workers=1"),
                        List.of("--scheduler=easy", "--workers=2"),
                        List.of("--scheduler=easy", "--workers=3"));
        assertThat(plan.commandLine(5))
                .containsExactly("sample", "--scheduler=easy", "--workers=3");
    }

    @Test
    void seedsAreThoseOfSplitMix() {
        SplittableRandom reference = new SplittableRandom(5);
        SweepPlan plan = SweepPlan.of("1", List.of("sample"), List.of(), 5);

        assertThat(plan.seed(0)).isEqualTo(5);
        for (int k = 1; k < 20; k++) {
            assertThat(plan.seed(k)).isEqualTo(reference.nextLong() >>> 1);
        }
    }

    @Test
    void aSemicolonSeparatesValuesThatHaveCommas() {
        assertThat(Axis.parse("lengths=2,4;8,16").values()).containsExactly("2,4", "8,16");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"scheduler", "=a", "workers=", "workers=1,,2", "workers=1,1", "seed=1,2"})
    void refusesWhatIsNoOptionWithValues(String text) {
        assertThatThrownBy(() -> Axis.parse(text))
                .isInstanceOf(OffcutException.class)
                .hasMessageStartingWith("--vary " + text + ": ");
    }

    @Test
    void refusesAnOptionThatIsVariedTwice() {
        assertThatThrownBy(() -> plan("workers=1,2", "workers=3"))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("give all its values in one");
    }

    @Test
    void indicesOfAnArrayAreRanges() {
        assertThat(SlurmRuns.indices(3, List.of(3, 4, 5, 7, 9, 10))).isEqualTo("0-2,4,6-7");
        assertThat(SlurmRuns.indices(0, List.of(0))).isEqualTo("0");
    }

    private static SweepPlan plan(String... vary) {
        return SweepPlan.of("1", List.of("sample"), Stream.of(vary).map(Axis::parse).toList(), 1);
    }
}
