package io.offcut.cli.simulate.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class IntervalTest {
    @Test
    void isThatOfStudent() {
        Interval interval = Interval.of(1, 2, 3, 4, 5);

        assertThat(interval.mean()).isEqualTo(3);
        // t(4, 0.975) = 2.776445, s = √2.5
        assertThat(interval.halfWidth()).isCloseTo(2.776445 * Math.sqrt(2.5 / 5), within(1e-6));
        assertThat(interval.text()).isEqualTo("3.00 ±1.96");
    }

    @Test
    void ofEqualValuesIsExactlyNothing() {
        Interval interval = Interval.of(0.1, 0.1, 0.1);

        assertThat(interval.mean()).isEqualTo(0.1);
        assertThat(interval.halfWidth()).isZero();
        assertThat(interval.text()).isEqualTo("0.1000");
    }

    @Test
    void ofOneValueIsNotKnown() {
        assertThat(Interval.of(7).halfWidth()).isNull();
        assertThat(Interval.of(7).json()).containsOnlyKeys("mean");
    }
}
