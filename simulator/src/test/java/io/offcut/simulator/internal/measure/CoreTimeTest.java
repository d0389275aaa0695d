package io.offcut.simulator.internal.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.internal.measure.CoreTime.Use;
import org.junit.jupiter.api.Test;

class CoreTimeTest {
    @Test
    void splitsAtTheEdgesOfRows() {
        CoreTime time = new CoreTime(1_000, 100);

        time.add(Use.JOB, 1_050, 1_250, 3);
        time.add(Use.LEASED, 1_300, 1_301, 1);

        assertThat(time.rows()).isEqualTo(4);
        assertThat(time.inRow(0, Use.JOB)).isEqualTo(150);
        assertThat(time.inRow(1, Use.JOB)).isEqualTo(300);
        assertThat(time.inRow(2, Use.JOB)).isEqualTo(150);
        assertThat(time.inRow(3, Use.JOB)).isZero();
        assertThat(time.total(Use.JOB)).isEqualTo(600);
        assertThat(time.total(Use.LEASED)).isEqualTo(1);
    }

    @Test
    void widensRowsRatherThanGrowWithoutBound() {
        CoreTime time = new CoreTime(0, 1);
        time.add(Use.JOB, 0, 10, 1);

        time.add(Use.JOB, 399_990, 400_000, 1);

        assertThat(time.rowMillis()).isEqualTo(4);
        assertThat(time.rows()).isEqualTo(100_000);
        assertThat(time.inRow(0, Use.JOB)).isEqualTo(4);
        assertThat(time.inRow(2, Use.JOB)).isEqualTo(2);
        assertThat(time.inRow(99_999, Use.JOB)).isEqualTo(4);
        assertThat(time.total(Use.JOB)).isEqualTo(20);
    }

    @Test
    void ignoresIntervalsWithoutLength() {
        CoreTime time = new CoreTime(0, 100);

        time.add(Use.HARVESTED, 50, 40, 2);
        time.add(Use.HARVESTED, 50, 50, 2);

        assertThat(time.total(Use.HARVESTED)).isZero();
        assertThat(time.rows()).isZero();
    }
}
