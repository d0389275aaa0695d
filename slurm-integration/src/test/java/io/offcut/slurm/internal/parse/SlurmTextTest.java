package io.offcut.slurm.internal.parse;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SlurmTextTest {
    @Test
    void readsTimesAsUtc() {
        assertThat(SlurmText.time("2026-11-23T07:03:55"))
                .isEqualTo(Instant.parse("2026-11-23T07:03:55Z"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Unknown", "N/A", "None", "(null)", "", "2026-13-40T00:00:00", "now"})
    void takesWhatIsNoTimeAsUnknown(String text) {
        assertThat(SlurmText.time(text)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "2000, 2097152000",
        "500M, 524288000",
        "1.50G, 1610612736",
        "8K, 8192",
        "1T, 1099511627776",
        "0, 0",
        "-5, 0",
        "1e9, 0",
        "G, 0",
        "99999999999999999P, 2305843009213693951",
    })
    void readsMemorySizes(String text, long bytes) {
        assertThat(SlurmText.memoryBytes(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "007", "-1", "1 2", "12345678901", "1_1", "1;rm", "١"})
    void refusesWhatIsNoJobId(String text) {
        assertThat(SlurmText.isJobId(text)).isFalse();
    }

    @Test
    void cleansFreeText() {
        assertThat(SlurmText.free("a\u001b[31mb\nc\u202ed")).isEqualTo("a?[31mb?c?d");
        assertThat(SlurmText.free("x".repeat(9999))).hasSize(256);
        assertThat(SlurmText.free("(null)")).isEmpty();
    }
}
