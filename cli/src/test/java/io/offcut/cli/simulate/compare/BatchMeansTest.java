package io.offcut.cli.simulate.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchMeansTest {
    private static final int SERIES = 400;

    @Test
    void holdsTheMeanOfASeriesWhoseNeighboursResembleEachOther() {
        int held = 0;
        for (int seed = 0; seed < SERIES; seed++) {
            double[] series = series(seed, 6_000, 0.95);
            BatchMeans means = BatchMeans.of(series.length, i -> series[i]);
            double halfWidth = Objects.requireNonNull(means.interval().halfWidth());
            held += Math.abs(means.interval().mean()) <= halfWidth ? 1 : 0;
        }
        // 95 % of 400 is 380, three standard deviations are 13; parts resemble each other a little.
        assertThat(held).as("of %d intervals, seeds from 0", SERIES).isBetween(360, 393);
    }

    @Test
    void saysWhenPartsAreTooShortForTheResemblance() {
        double[] series = series(1, 6_000, 0.9995);

        assertThat(BatchMeans.of(series.length, i -> series[i]).partsAreIndependent()).isFalse();
    }

    @Test
    void hasNoIntervalForAFewValues() {
        BatchMeans means = BatchMeans.of(19, i -> i);

        assertThat(means.interval().mean()).isEqualTo(9);
        assertThat(means.interval().halfWidth()).isNull();
        assertThat(BatchMeans.of(20, i -> i).interval().halfWidth()).isPositive();
    }

    /** Around 0, each value resembling the one before. */
    private static double[] series(long seed, int size, double resemblance) {
        Random random = new Random(seed);
        double[] series = new double[size];
        double value = random.nextGaussian() / Math.sqrt(1 - resemblance * resemblance);
        for (int i = 0; i < size; i++) {
            value = resemblance * value + random.nextGaussian();
            series[i] = value;
        }
        return series;
    }
}
