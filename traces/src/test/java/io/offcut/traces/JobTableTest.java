package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JobTableTest {
    @Test
    void takesAtMost100BytesAJob() {
        int bytes = Arrays.stream(SwfField.values()).mapToInt(field -> field.kind.bytes).sum();

        assertThat(bytes).isEqualTo(JobTable.BYTES_PER_JOB).isLessThanOrEqualTo(100);
    }

    @Test
    void growsAndKeepsEveryRow() {
        JobTable.Builder builder = new JobTable.Builder();
        for (int job = 0; job < 10_000; job++) {
            builder.add(row(job, 3L * job), job / 4.0);
        }
        JobTable table = builder.build();

        assertThat(table.size()).isEqualTo(10_000);
        assertThat(table.job(9_999)).isEqualTo(9_999);
        assertThat(table.submitSeconds(5_000)).isEqualTo(15_000);
        assertThat(table.averageCpuSeconds(5)).isEqualTo(1.25);
        assertThat(builder.size()).isZero();
    }

    @Test
    void ordersBySubmissionThenJobNumber() {
        JobTable.Builder builder = new JobTable.Builder();
        builder.add(row(3, 5), -1);
        builder.add(row(2, 5), -1);
        builder.add(row(4, 1), -1);

        assertThat(builder.build().rowsBySubmission()).containsExactly(2, 1, 0);
    }

    @Test
    void ordersManyRowsOfFewTimesAndOfTimesFarApart() {
        SplittableRandom random = new SplittableRandom(7);
        for (long factor : new long[] {1, 1L << 40}) {
            JobTable.Builder builder = new JobTable.Builder();
            for (int job = 0; job < 1_000; job++) {
                builder.add(row(random.nextInt(50), factor * random.nextInt(-30, 30)), -1);
            }
            JobTable table = builder.build();

            int[] rows = table.rowsBySubmission();

            assertThat(rows)
                    .containsExactly(
                            IntStream.range(0, 1_000)
                                    .boxed()
                                    .sorted(
                                            Comparator.comparingLong(table::submitSeconds)
                                                    .thenComparingLong(table::job))
                                    .mapToInt(Integer::intValue)
                                    .toArray());
        }
    }

    @Test
    void refusesAValueThatDoesNotFit() {
        long[] row = row(1, 0);
        row[SwfField.RUN.column()] = 1L << 40;

        assertThatThrownBy(() -> new JobTable.Builder().add(row, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("RUN")
                .hasMessageContaining("1099511627776");
    }

    private static long[] row(long job, long submit) {
        long[] values = new long[SwfField.COUNT];
        values[SwfField.JOB.column()] = job;
        values[SwfField.SUBMIT.column()] = submit;
        return values;
    }
}
