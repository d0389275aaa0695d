package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JobGroupTest {
    @Test
    void sumsTheJobsOfEachPartition() {
        List<JobGroup> groups = groups(4, 7, -1);

        assertThat(groups).extracting(JobGroup::number).containsExactly(-1, 0, 1, 2);
        assertThat(groups).extracting(JobGroup::name).containsExactly("", "", "long", "");
        assertThat(groups).extracting(JobGroup::jobs).containsExactly(1, 1, 1, 4);
        assertThat(groups.getLast().coreSeconds()).isEqualTo(4 + 5 + 6 + 7);
    }

    @Test
    void smallPartitionsOfALogWithManyAreOne() {
        List<JobGroup> groups = groups(1_000, 1_000, 5);

        assertThat(groups).hasSize(JobGroup.MAX_GROUPS + 1);
        assertThat(groups.getFirst().number()).isEqualTo(JobGroup.OTHERS);
        assertThat(groups.getFirst().jobs()).isEqualTo(1_000 - JobGroup.MAX_GROUPS);
        assertThat(groups.getLast().number()).isEqualTo(999);
        assertThat(groups.stream().mapToDouble(JobGroup::coreSeconds).sum())
                .isEqualTo(1_000 * 1_001 / 2);
    }

    /** Jobs of 1, 2, … core-seconds; those from the last partition on are all of it. */
    private static List<JobGroup> groups(int partitions, int jobs, int firstNumber) {
        JobTable.Builder builder = new JobTable.Builder();
        for (int job = 0; job < jobs; job++) {
            long[] values = new long[SwfField.COUNT];
            Arrays.fill(values, -1);
            values[SwfField.JOB.column()] = job + 1L;
            values[SwfField.SUBMIT.column()] = 10_000L * job;
            values[SwfField.RUN.column()] = job + 1L;
            values[SwfField.PROCS.column()] = 1;
            int number = firstNumber < 0 ? Math.min(job, partitions - 1) + firstNumber : job;
            values[SwfField.PARTITION.column()] = number;
            builder.add(values, -1);
        }
        JobTable table = builder.build();
        SimulationConfig config =
                new SimulationConfig(table, ClusterSpec.of(4, 4)).with(FunctionConfig.NONE);
        return JobGroup.of(
                Simulation.run(config).schedule(), table, SwfField.PARTITION, Map.of(1, "long"));
    }
}
