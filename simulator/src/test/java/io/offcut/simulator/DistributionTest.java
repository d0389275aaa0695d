package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.testing.Seeds;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DistributionTest {
    @Test
    void percentilesAreOffByAThousandthAtMost() {
        Random random = new Random(Seeds.next());
        long[] values = new long[10_000];
        Distribution.Builder builder = new Distribution.Builder(1000);
        for (int i = 0; i < values.length; i++) {
            values[i] = (long) Math.exp(20 * random.nextDouble());
            builder.add(values[i]);
        }
        Distribution distribution = builder.build();
        Arrays.sort(values);

        assertThat(distribution.count()).isEqualTo(values.length);
        assertThat(distribution.least()).isEqualTo(values[0] / 1000.0);
        assertThat(distribution.greatest()).isEqualTo(values[9_999] / 1000.0);
        assertThat(distribution.mean()).isCloseTo(Arrays.stream(values).sum() / 1e7, within(1e-6));
        for (int percent : new int[] {1, 10, 50, 95, 100}) {
            double exact = values[percent * 100 - 1] / 1000.0;
            assertThat(distribution.percentile(percent))
                    .as("%d %%", percent)
                    .isCloseTo(exact, within(exact / 1000 + 1e-9));
        }
    }

    @Test
    void whatIsAddedExactlyKeepsItsDigits() {
        Distribution.Builder builder = new Distribution.Builder(1000);
        double sum = 0;
        for (double value : new double[] {1.00049, 2.5000049, 7.0 / 3}) {
            builder.addExactly(value);
            sum += value;
        }
        Distribution distribution = builder.build();

        assertThat(distribution.mean()).isEqualTo(sum / 3);
        assertThat(distribution.least()).isEqualTo(1.00049);
        assertThat(distribution.greatest()).isEqualTo(2.5000049);
        assertThat(distribution.percentile(50)).isCloseTo(7.0 / 3, within(0.002));
        assertThat(distribution.shareUpTo(2.5000049)).isEqualTo(1);
        assertThat(distribution.curve(100).getLast().value()).isEqualTo(2.5000049);
    }

    @Test
    void curvesAreShortAndEndWithEverything() {
        Random random = new Random(Seeds.next());
        Distribution.Builder builder = new Distribution.Builder(1);
        for (int i = 0; i < 50_000; i++) {
            builder.add((long) Math.exp(25 * random.nextDouble()));
        }
        Distribution distribution = builder.build();

        List<Distribution.Point> curve = distribution.curve(1_000);

        assertThat(curve).hasSizeBetween(100, 1_100);
        assertThat(curve.getLast())
                .isEqualTo(new Distribution.Point(distribution.greatest(), 1, 1));
        assertThat(curve).isSortedAccordingTo((a, b) -> Double.compare(a.value(), b.value()));
        assertThat(distribution.shareUpTo(distribution.greatest())).isEqualTo(1);
    }

    @Test
    void nothingIsZero() {
        Distribution nothing = new Distribution.Builder(1).build();

        assertThat(nothing.isEmpty()).isTrue();
        assertThat(nothing.mean() + nothing.least() + nothing.greatest()).isZero();
        assertThat(nothing.percentile(50) + nothing.shareUpTo(9)).isZero();
        assertThat(nothing.curve(100)).isEmpty();
    }

    @Test
    void zerosCount() {
        Distribution.Builder builder = new Distribution.Builder(1);
        builder.add(0);
        builder.add(0);
        builder.add(5);
        builder.add(-1);

        assertThat(builder.build().shareUpTo(0)).isEqualTo(0.75);
        assertThat(builder.build().curve(10).getFirst())
                .isEqualTo(new Distribution.Point(0, 0.75, 0));
    }
}
