package io.offcut.scheduler.idle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.offcut.testing.Seeds;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IdleTimesTest {
    private final IdleTimes times = new IdleTimes();

    private void add(int count, long millis) {
        for (int i = 0; i < count; i++) {
            times.add(millis);
        }
    }

    @Test
    void fewIntervalsSayNothing() {
        add(IdleTimes.FEWEST - 1, 60_000);
        assertThat(times.remainingMillis(0, 0.25)).isEqualTo(-1);
        add(1, 60_000);
        assertThat(times.remainingMillis(0, 0.25)).isPositive();
    }

    @Test
    void fewIntervalsThatWereAsLongSayNothing() {
        add(100, 60_000);
        add(IdleTimes.FEWEST_AS_LONG - 1, 3_600_000);

        assertThat(times.remainingMillis(600_000, 0.25)).isEqualTo(-1);
        add(1, 3_600_000);
        assertThat(times.remainingMillis(600_000, 0.25)).isCloseTo(3_000_000, within(330_000L));
    }

    @Test
    void isAsExactAsABucket() {
        add(100, 20_000);
        add(100, 200_000);

        assertThat(times.remainingMillis(0, 0.25)).isCloseTo(20_000, within(2_000L));
        assertThat(times.remainingMillis(0, 0.75)).isCloseTo(200_000, within(20_000L));
        assertThat(times.remainingMillis(50_000, 0.25)).isCloseTo(150_000, within(20_000L));
    }

    @Test
    void takesTheShareOfThoseThatWereAsLong() {
        Random random = new Random(Seeds.next());
        for (int i = 0; i < 9_000; i++) {
            times.add((long) (-Math.log(1 - random.nextDouble()) * 600_000));
        }

        // Exponential times have no memory: what is left does not depend on what has passed.
        long quarter = (long) (-Math.log(0.75) * 600_000);
        assertThat(times.remainingMillis(0, 0.25)).isCloseTo(quarter, within(quarter / 8));
        assertThat(times.remainingMillis(600_000, 0.25)).isCloseTo(quarter, within(quarter / 5));
    }

    @Test
    void anExpectedEndNeverMovesTowardsTheBeginning() {
        Random random = new Random(Seeds.next());
        for (int i = 0; i < 5_000; i++) {
            times.add((long) Math.exp(random.nextGaussian() * 2 + 11));
        }
        long end = 0;
        for (long elapsed = 0; elapsed < 3_600_000; elapsed += 5_000) {
            long now = elapsed + times.remainingMillis(elapsed, 0.25);
            assertThat(now).isGreaterThanOrEqualTo(end - 1);
            end = now;
        }
    }

    @Test
    void fadesInsteadOfGrowing() {
        add(10_000, 60_000);
        add(40_000, 600_000);

        assertThat(times.total()).isLessThanOrEqualTo(10_000);
        assertThat(times.counts()).hasSizeLessThanOrEqualTo(2);
        assertThat(times.remainingMillis(0, 0.25)).isCloseTo(600_000, within(60_000L));
    }

    @Test
    void anyLengthHasABucket() {
        add(100, -5);
        add(100, 0);
        add(100, Long.MAX_VALUE);

        assertThat(times.total()).isEqualTo(300);
        assertThat(times.remainingMillis(Long.MAX_VALUE, 0.5)).isNotNegative();
    }

    @Test
    void isTheSameFromItsCounts() {
        add(50, 60_000);
        add(20, 7_000);

        IdleTimes again = IdleTimes.of(times.counts());

        assertThat(again.counts()).isEqualTo(times.counts());
        assertThat(again.remainingMillis(0, 0.5)).isEqualTo(times.remainingMillis(0, 0.5));
    }

    @Test
    void refusesCountsThatCannotBe() {
        for (Map<Integer, Integer> counts :
                List.of(
                        Map.of(-1, 1),
                        Map.of(1_000, 1),
                        Map.of(1, -1),
                        Map.of(1, 6_000, 2, 6_000),
                        Map.of(1, Integer.MAX_VALUE, 2, 1))) {
            assertThatIllegalArgumentException()
                    .as("%s", counts)
                    .isThrownBy(() -> IdleTimes.of(counts));
        }
    }
}
