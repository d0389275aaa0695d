package io.offcut.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.testing.Seeds;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CpuSetTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"0|0", "0-3,8|0-3,8", "8,0-1,2|0-2,8", "5,5|5", " 1 , 3-4 |1,3-4", "0,1|0-1"})
    void readsAndWritesTheKernelsListFormat(String text, String canonical) {
        assertThat(CpuSet.parse(text)).hasToString(canonical);
        assertThat(CpuSet.parse(canonical)).isEqualTo(CpuSet.parse(text));
    }

    @Test
    void blankTextIsTheEmptySet() {
        assertThat(CpuSet.parse("\n").isEmpty()).isTrue();
        assertThat(CpuSet.empty()).hasToString("");
    }

    @ParameterizedTest
    @ValueSource(strings = {",", "1,,2", "3-1", "-1", "a", "1-", "8192", "0-99999999999", "1;2"})
    void refusesWhatIsNotAList(String text) {
        assertThatThrownBy(() -> CpuSet.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void setOperationsAgreeWithBitSets() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        for (int round = 0; round < 1_000; round++) {
            BitSet a = randomBits(random);
            BitSet b = randomBits(random);
            CpuSet x = CpuSet.of(a.stream().toArray());
            CpuSet y = CpuSet.of(b.stream().toArray());
            BitSet minus = (BitSet) a.clone();
            minus.andNot(b);
            BitSet both = (BitSet) a.clone();
            both.and(b);
            BitSet either = (BitSet) a.clone();
            either.or(b);
            assertThat(x.minus(y).toArray())
                    .as("seed %d", seed)
                    .isEqualTo(minus.stream().toArray());
            assertThat(x.intersect(y).toArray())
                    .as("seed %d", seed)
                    .isEqualTo(both.stream().toArray());
            assertThat(x.plus(y).toArray())
                    .as("seed %d", seed)
                    .isEqualTo(either.stream().toArray());
            assertThat(x.intersects(y)).as("seed %d", seed).isEqualTo(a.intersects(b));
            assertThat(x.intersects(b)).as("seed %d", seed).isEqualTo(a.intersects(b));
            assertThat(x.containsAll(y)).as("seed %d", seed).isEqualTo(both.equals(b));
            assertThat(CpuSet.parse(x.toString())).as("seed %d", seed).isEqualTo(x);
            assertThat(x.lowest(3).toArray())
                    .as("seed %d", seed)
                    .isEqualTo(a.stream().limit(3).toArray());
        }
    }

    private static BitSet randomBits(Random random) {
        BitSet bits = new BitSet();
        for (int i = random.nextInt(20); i > 0; i--) {
            bits.set(random.nextInt(70));
        }
        return bits;
    }
}
