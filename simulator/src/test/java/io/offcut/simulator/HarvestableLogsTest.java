package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.testing.SharedData;
import io.offcut.traces.JobLogs;
import io.offcut.traces.SwfLog;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What two logs that measured what jobs use leave to win, by policy. */
class HarvestableLogsTest {
    /**
     * Of cores it follows from what is known of the logs: the share that no job holds, and one less
     * what jobs hold times the share of it that they compute, 18.2 % and 38.7 %.
     */
    @ParameterizedTest
    @CsvSource({
        "jobs/UniLu-Gaia-2014-1.swf.gz, 2004, 14, 4, 0.4573, 0.182, 0.543, 0.987",
        "jobs/mason_2017-10_12_torque_acct.anon.gz, 576, 32, 8, 0.3787, 0.387, 0.626, 0.841",
    })
    void unallocatedAndUnderusedSharesOfCoresAndMemory(
            String file,
            int procs,
            int coresPerNode,
            int gibPerCore,
            double held,
            double computed,
            double unallocatedMemory,
            double underusedMemory) {
        SwfLog log = JobLogs.read(SharedData.require(file));
        ClusterSpec machine =
                new ClusterSpec(procs, coresPerNode, ((long) coresPerNode * gibPerCore) << 30);

        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(log.jobs(), machine)
                                .with(
                                        new BatchConfig(
                                                Scheduler.RECORDED,
                                                Estimates.USER,
                                                Allocation.CORES))
                                .with(FunctionConfig.NONE));

        List<SimulationResult.Harvestable> policies = result.harvestable();
        assertThat(policies)
                .extracting(SimulationResult.Harvestable::policy)
                .containsExactly("none", "unallocated", "underused");
        assertThat(policies.get(0).coreShare()).isZero();
        assertThat(result.cores().utilization()).isCloseTo(held, within(0.0001));
        assertThat(policies.get(1).coreShare()).isCloseTo(1 - held, within(0.0001));
        assertThat(policies.get(2).coreShare()).isCloseTo(1 - held * computed, within(0.001));
        assertThat(policies.get(1).memoryShare()).isCloseTo(unallocatedMemory, within(0.001));
        assertThat(policies.get(2).memoryShare()).isCloseTo(underusedMemory, within(0.001));
    }
}
