package io.offcut.benchmarks.colocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.util.Random;
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
        double[] alone = new double[40];
        double[] beside = new double[40];
        for (int round = 0; round < alone.length; round++) {
            alone[round] = 10 + 0.1 * random.nextGaussian();
            beside[round] = 9.5 + 0.1 * random.nextGaussian();
        }
        Slowdown slowdown = Slowdown.of(alone, beside);
        assertThat(slowdown.low()).isBetween(0.03, slowdown.median());
        assertThat(slowdown.median()).isBetween(0.04, 0.06);
        assertThat(slowdown.high()).isBetween(slowdown.median(), 0.07);
    }
}
