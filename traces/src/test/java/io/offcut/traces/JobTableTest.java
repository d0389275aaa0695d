package io.offcut.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.testing.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JobTableTest {
    @Test
    void takesAtMost100BytesAJob() {
        int bytes = Arrays.stream(SwfField.values()).mapToInt(field -> field.kind.bytes).sum();

        assertThat(bytes).isEqualTo(JobTable.BYTES_PER_JOB).isLessThanOrEqualTo(100);
    }

    @Test
    void keepsNoColumnThatIsUnknownForAllJobs() {
        JobTable.Builder builder = new JobTable.Builder();
        for (int job = 0; job < 100; job++) {
            long[] values = new long[SwfField.COUNT];
            Arrays.fill(values, -1);
            values[SwfField.JOB.column()] = job;
            values[SwfField.SUBMIT.column()] = job;
            values[SwfField.RUN.column()] = job < 50 ? -1 : job;
            builder.add(values, -1);
        }
        JobTable table = builder.build();

        assertThat(table.columnBytes()).isEqualTo(100 * (8 + 8 + 4));
        assertThat(table.runSeconds(49)).isEqualTo(-1);
        assertThat(table.runSeconds(50)).isEqualTo(50);
        assertThat(table.averageCpuSeconds(0)).isEqualTo(-1);
        assertThat(table.value(0, SwfField.THINK_TIME)).isEqualTo(-1);
    }

    @Test
    void holdsAMillionJobsWithAllFieldsAndTheirNodesInLessThan100BytesEach() {
        int jobs = 1_000_000;
        long before = usedHeapBytes();
        JobTable table = withNodes(jobs);
        long bytes = usedHeapBytes() - before;

        assertThat(table.columnBytes()).isLessThanOrEqualTo(100L * jobs);
        assertThat(bytes).isLessThanOrEqualTo(100L * jobs);
        assertThat(table.runSeconds(999_999)).isEqualTo((int) ((999_999 * 31L + 4) % 1_000_003));
        assertThat(table.averageCpuSeconds(999_999)).isEqualTo(999_999 / 4.0);
        long[] nodes = new long[2];
        for (int job = 0; job < jobs; job++) {
            table.placements()
                    .forEach(
                            job,
                            (node, count, first, cpus) -> {
                                nodes[0] += count;
                                nodes[1] += (long) count * cpus;
                            });
        }
        assertThat(nodes).containsExactly(1_999_999, 16L * 1_999_999);
    }

    private static JobTable withNodes(int jobs) {
        JobTable.Builder builder = new JobTable.Builder();
        long[] values = new long[SwfField.COUNT];
        for (int job = 0; job < jobs; job++) {
            for (SwfField field : SwfField.values()) {
                values[field.column()] = (job * 31L + field.number()) % 1_000_003;
            }
            // Batch systems do not tell these two, and logs that do tell no nodes.
            values[SwfField.PRECEDING_JOB.column()] = -1;
            values[SwfField.THINK_TIME.column()] = -1;
            for (int node = 0; node < 1 + job % 3; node++) {
                builder.placements().part("n" + (job % 500 + node), 0, 16);
            }
            builder.add(values, job / 4.0);
        }
        return builder.build();
    }

    private static long usedHeapBytes() {
        System.gc();
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @Test
    void selectsRowsWithTheirNodes() {
        JobTable.Builder builder = new JobTable.Builder();
        for (int job = 0; job < 10; job++) {
            builder.placements().part("n" + job, 4, 2);
            builder.add(row(job, 10L - job), job);
        }
        JobTable table = builder.build();

        JobTable some =
                table.select(
                        new int[] {7, 2},
                        (row, values) -> values[SwfField.SUBMIT.column()] += 100L * row);

        assertThat(some.size()).isEqualTo(2);
        assertThat(some.job(0)).isEqualTo(7);
        assertThat(some.submitSeconds(1)).isEqualTo(208);
        assertThat(some.averageCpuSeconds(1)).isEqualTo(2);
        some.placements()
                .forEach(
                        0,
                        (node, nodes, first, cpus) -> {
                            assertThat(some.placements().nodes().get(node)).isEqualTo("n7");
                            assertThat(first).isEqualTo(4);
                            assertThat(cpus).isEqualTo(2);
                        });
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
    void ordersManyRowsAsAnySortDoes() {
        long seed = Seeds.next();
        Random random = new Random(seed);
        JobTable.Builder builder = new JobTable.Builder();
        for (int job = 0; job < 1_777; job++) {
            builder.add(row(random.nextInt(50), random.nextInt(200)), -1);
        }
        JobTable table = builder.build();
        List<Integer> rows = new ArrayList<>();
        for (int row = 0; row < table.size(); row++) {
            rows.add(row);
        }
        rows.sort(
                Comparator.comparingLong((Integer row) -> table.submitSeconds(row))
                        .thenComparingLong(table::job));

        assertThat(table.rowsBySubmission())
                .as("seed %d", seed)
                .containsExactly(rows.stream().mapToInt(Integer::intValue).toArray());
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
