package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.RandomArrivals.Service;
import org.junit.jupiter.api.Test;

class RandomArrivalsTest {
    private static final long DAY_MILLIS = 86_400_000;

    @Test
    void burstsComeAtTheirRateAndTogether() {
        ArrivalSource.Cursor calls =
                new RandomArrivals(100, 4, new Service.Exponential(2_000), 3, 0).open(7);
        long last = -1;
        long bursts = 0;
        double work = 0;
        int count = 40_000;
        for (int call = 0; call < count; call++) {
            assertThat(calls.advance()).isTrue();
            assertThat(calls.atMillis()).isGreaterThanOrEqualTo(last);
            assertThat(calls.function()).isBetween(0, 2);
            bursts += calls.atMillis() > last ? 1 : 0;
            last = calls.atMillis();
            work += calls.durationMillis();
        }
        assertThat(bursts).isCloseTo(count / 4, within(5L));
        assertThat(last / 3_600_000.0).isCloseTo(100, within(3.0));
        assertThat(work / count).isCloseTo(2_000, within(50.0));
    }

    @Test
    void theRateFollowsTheDay() {
        ArrivalSource.Cursor calls =
                new RandomArrivals(1_000, 1, new Service.LogNormal(100, 1), 1, 0.9).open(3);
        int[] byHour = new int[24];
        int days = 20;
        while (calls.advance() && calls.atMillis() < days * DAY_MILLIS) {
            byHour[(int) (calls.atMillis() % DAY_MILLIS / 3_600_000)]++;
        }
        assertThat(byHour[15] / (double) days).isCloseTo(1_900, within(60.0));
        assertThat(byHour[3] / (double) days).isCloseTo(100, within(30.0));
    }

    @Test
    void aParetoTailIsHeavy() {
        ArrivalSource.Cursor calls =
                new RandomArrivals(1_000, 1, new Service.Pareto(100, 2), 1, 0).open(3);
        int longer = 0;
        for (int call = 0; call < 20_000; call++) {
            calls.advance();
            assertThat(calls.durationMillis()).isGreaterThanOrEqualTo(100);
            longer += calls.durationMillis() > 1_000 ? 1 : 0;
        }
        assertThat(longer).isCloseTo(200, within(50));
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> new RandomArrivals(0, 1, new Service.Pareto(1, 1), 1, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RandomArrivals(1, 1, new Service.Pareto(1, 1), 1, 1.5))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
