package io.offcut.slurm.internal.parse;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.internal.parse.FieldLine.Field;
import org.junit.jupiter.api.Test;

class FieldLineTest {
    @Test
    void cutsFieldsWithBlanksInValues() {
        FieldLine line = FieldLine.parse("A=1 OS=Linux 6.1 #1 SMP  B/C=x:y  D= E:f=(null)");

        assertThat(line.fields())
                .containsExactly(
                        new Field("A", "1"),
                        new Field("OS", "Linux 6.1 #1 SMP"),
                        new Field("B/C", "x:y"),
                        new Field("D", ""),
                        new Field("E:f", "(null)"));
        assertThat(line.complete()).isTrue();
    }

    @Test
    void countsRepeatedKeysAndKeepsTheFirstValue() {
        FieldLine line = FieldLine.parse("A=1 Name=x A=2 y A=3");

        assertThat(line.count("A")).isEqualTo(3);
        assertThat(line.first("A")).isEqualTo("1");
        assertThat(line.first("Z")).isNull();
        assertThat(line.count("Z")).isZero();
    }

    @Test
    void keepsEqualSignsInsideWordsOutOfTheKeys() {
        assertThat(FieldLine.parse("TRES=cpu=4,mem=2G T=a-b=c").fields())
                .containsExactly(new Field("TRES", "cpu=4,mem=2G"), new Field("T", "a-b=c"));
    }

    @Test
    void readsNothingFromTextWithoutFields() {
        assertThat(FieldLine.parse("").fields()).isEmpty();
        assertThat(FieldLine.parse("   = =x no fields here").fields()).isEmpty();
    }

    @Test
    void stopsAtItsLimitAndSaysSo() {
        FieldLine line = FieldLine.parse("a= ".repeat(FieldLine.MAX_FIELDS + 10));

        assertThat(line.complete()).isFalse();
        assertThat(line.fields()).hasSize(FieldLine.MAX_FIELDS);
    }
}
