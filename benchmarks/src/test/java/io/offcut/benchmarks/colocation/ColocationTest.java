package io.offcut.benchmarks.colocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ColocationTest {
    private static String stream(String name, String seconds) {
        return """
        Begin of %1$s section.
        Array size = 1000000, Offset = 0
        Function      Rate (GB/s)   Avg time     Min time     Max time
        Copy:         108.7301       %2$s       0.0001       0.0043
        Scale:         81.2348       %2$s       0.0001       0.0025
        Add:           82.8066       %2$s       0.0002       0.0004
        Triad:         83.8457       %2$s       0.0002       0.0004
        End of %1$s section.
        """
                .formatted(name, seconds);
    }

    private static final String SAID =
            """
            Begin of StarDGEMM section.
            Minimum Gflop/s 1.000000
            Average Gflop/s 3.000000
            End of StarDGEMM section.
            Begin of SingleDGEMM section.
            Single DGEMM Gflop/s 5.000000
            End of SingleDGEMM section.
            Begin of StarFFT section.
            Average Gflop/s 2.000000
            End of StarFFT section.
            Begin of SingleFFT section.
            Single FFT Gflop/s 2.500000
            End of SingleFFT section.
            """;

    @Test
    void readsWhatHpccSaysOfItsKernels() {
        String said = SAID + stream("StarSTREAM", "0.0010") + stream("SingleSTREAM", "0.0030");
        assertThat(Hpcc.parse(said))
                .containsOnly(
                        entry(Kernel.STREAM, 10.0),
                        entry(Kernel.FFT, 2.25),
                        entry(Kernel.DGEMM, 4.0));
    }

    @Test
    void saysThatHpccEndedTooSoon() {
        assertThatThrownBy(() -> Hpcc.parse(stream("StarSTREAM", "0.0010")))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL))
                .hasMessageContaining("hpcc ended before its kernels had run");
    }

    @Test
    void findsASlowdownInNoise() {
        Random random = new Random(1);
        List<Pair> pairs =
                IntStream.range(0, 400)
                        .mapToObj(i -> pair(1 + 0.1 * random.nextGaussian(), 0.05, random))
                        .toList();
        Slowdown slowdown = Slowdown.of(Pair.losses(pairs));
        assertThat(slowdown.low()).isBetween(0.04, slowdown.median());
        assertThat(slowdown.median()).isBetween(0.045, 0.055);
        assertThat(slowdown.high()).isBetween(slowdown.median(), 0.06);
        assertThat(slowdown.against(0.03)).isEqualTo(Slowdown.BROKEN);
        assertThat(slowdown.against(0.05)).isEqualTo("open");
        assertThat(slowdown.against(0.07)).isEqualTo("kept");
    }

    /** The machine's speed drifts by far more than the job loses. */
    private static Pair pair(double machine, double loss, Random random) {
        double alone = 10 * machine * (1 + 0.02 * random.nextGaussian());
        double beside = 10 * machine * (1 - loss) * (1 + 0.02 * random.nextGaussian());
        return new Pair(
                Condition.NEIGHBOUR_STREAM,
                Kernel.FFT,
                new Pace(alone, Double.NaN),
                new Pace(beside, Double.NaN),
                1,
                0);
    }

    @Test
    void decidesNothingByAFewPairs() {
        Slowdown slowdown = Slowdown.of(new double[] {0.2, 0.3, 0.4, 0.5, 0.6});
        assertThat(slowdown.median()).isEqualTo(0.4);
        assertThat(slowdown.against(0.01)).isEqualTo("open");
        assertThat(slowdown.against(0.9)).isEqualTo("open");
    }

    @Test
    void keepsPairsInAFile() {
        Pair pair = pair(1, 0.1, new Random(1));
        assertThat(Pair.parse(pair.line())).isEqualTo(pair);
    }

    @Test
    void countsPiecesThatBeganAndEndedInAWindow() {
        // One a millisecond, each of half a millisecond of CPU time; then it is held up.
        long[] ended = new long[20];
        long[] cpu = new long[20];
        for (int i = 0; i < ended.length; i++) {
            ended[i] = 1_000_000L * i + (i < 10 ? 0 : 50_000_000);
            cpu[i] = 500_000L * i;
        }
        Pieces pieces = new Pieces(ended, cpu);
        assertThat(pieces.pace(900_000, 9_900_000)).isEqualTo(new Pace(1000, 2000));
        assertThat(pieces.pace(0, 80_000_000)).isEqualTo(new Pace(19 / 0.069, 2000));
        assertThat(pieces.pace(900_000, 5_100_000)).as("too few").isNull();
        assertThat(pieces.pace(20_000_000, 50_000_000)).as("none").isNull();
    }
}
