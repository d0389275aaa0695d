package io.offcut.slurm.internal.parse;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.core.CpuSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GresTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "(null); 0",
                "gpu:4; 4",
                "gpu:a100:2(S:0-1),gpu:k80:1; 3",
                "craynetwork:3,gpu:2; 2",
                "gpu; 0",
                "gpu:many; 0",
            })
    void countsTheGpusOfANode(String text, int count) {
        assertThat(Gres.gpuCount(text)).isEqualTo(count);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "''; ''",
                "gpu:2(IDX:0-1); 0-1",
                "gpu:a100:2(IDX:0,2),gpu:k80:1(IDX:5); 0,2,5",
                "mps:100(IDX:0),gpu:1(IDX:3); 3",
                "gpu(IDX:1); 1",
                "gpu:0; ''",
                // It has some, and nobody says which.
                "gpu:2; 0-1023",
                "gpu:1(IDX:N/A); 0-1023",
            })
    void readsTheGpusOfAJob(String text, String indices) {
        assertThat(Gres.gpuIndices(text)).isEqualTo(CpuSet.parse(indices));
    }
}
