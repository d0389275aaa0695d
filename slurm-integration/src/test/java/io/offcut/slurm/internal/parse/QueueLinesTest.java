package io.offcut.slurm.internal.parse;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.JobState;
import io.offcut.slurm.QueuedJob;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueueLinesTest {
    @Test
    void readsARunningJob() {
        assertThat(
                        QueueLines.parse(
                                "8|RUNNING|scavenge|30:00|2026-11-26T20:55:23|2026-11-26T21:25:23|n2|None"))
                .isEqualTo(
                        new QueuedJob(
                                "8",
                                JobState.RUNNING,
                                "scavenge",
                                Duration.ofMinutes(30),
                                Instant.parse("2026-11-26T20:55:23Z"),
                                Instant.parse("2026-11-26T21:25:23Z"),
                                "n2",
                                "None"));
    }

    @Test
    void readsAWaitingJobWhoseReasonIsASentence() {
        QueuedJob job =
                Objects.requireNonNull(
                        QueueLines.parse(
                                "13|PENDING|scavenge|1:00:00|N/A|N/A||Nodes required for job are DOWN, DRAINED or reserved"));
        assertThat(job.active()).isTrue();
        assertThat(job.start()).isNull();
        assertThat(job.node()).isEmpty();
        assertThat(job.reason()).startsWith("Nodes required");
    }

    @ParameterizedTest
    @CsvSource({"2:00, 120", "1:30:00, 5400", "1-00:00:00, 86400", "10-02:03:04, 871384"})
    void readsLimits(String text, long seconds) {
        assertThat(QueueLines.limit(text)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @ValueSource(strings = {"UNLIMITED", "NOT_SET", "", "5", "-1:00"})
    void whatIsNoLimitIsNone(String text) {
        assertThat(QueueLines.limit(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x|RUNNING|p|1:00|a|b|n|r", "8|RUNNING", "slurm_load_jobs error"})
    void passesOverWhatIsNoJob(String line) {
        assertThat(QueueLines.parse(line)).isNull();
    }
}
