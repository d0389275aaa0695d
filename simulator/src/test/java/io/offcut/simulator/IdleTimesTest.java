package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.SimulationResult.IdleTimes;
import io.offcut.testing.Seeds;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long cores and nodes stay without a job. */
class IdleTimesTest {
    private static final FunctionConfig APART =
            FunctionConfig.DEFAULT
                    .with(Interference.NONE, Interference.COMPUTE)
                    .with(new Leases(Place.DEFAULT, 0, false, 0, Reclaim.AT_ONCE));

    @Test
    void intervalsBeginAndEndWithJobs() {
        JobTable jobs =
                Tables.of(job(0, 0, 100, 4, 100), job(250, 0, 50, 1, 50), job(250, 0, 100, 1, 100));
        IdleTimes idle = idle(new SimulationConfig(jobs, ClusterSpec.of(4, 4)).with(APART));

        assertThat(idle.nodeSeconds().count()).isEqualTo(1);
        assertThat(idle.nodeSeconds().sum()).isEqualTo(150);
        // Four from the first job on, two that stay free to the end, one after the short job.
        assertThat(idle.coreSeconds().count()).isEqualTo(5);
        assertThat(idle.coreSeconds().sum()).isEqualTo(2 * 150 + 2 * 250 + 50);
        assertThat(idle.coreSeconds().greatest()).isEqualTo(250);
    }

    @Test
    void jobsWithoutPlaceTellNothing() {
        JobTable jobs = Tables.of(job(0, 0, 100, 4, 100));
        SimulationConfig config =
                new SimulationConfig(jobs, ClusterSpec.of(4, 4)).with(FunctionConfig.NONE);

        assertThat(Simulation.run(config).idle()).isNull();
    }

    @ParameterizedTest
    @EnumSource(Allocation.class)
    void addUpToWhatNoJobHolds(Allocation allocation) {
        long seed = Seeds.next();
        JobTraceModel model = new JobTraceModel(300, 64, 4, 0.7, 9, 0);
        JobTable jobs = JobTraceGenerator.generate(model, seed).jobs();
        BatchConfig batch =
                new BatchConfig(BatchConfig.Scheduler.EASY, BatchConfig.Estimates.USER, allocation);

        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(jobs, ClusterSpec.of(64, 16)).with(APART).with(batch));

        IdleTimes idle = Objects.requireNonNull(result.idle());
        assertThat(idle.coreSeconds().sum())
                .isEqualTo(result.cores().capacity() - result.cores().allocated());
        assertThat(16 * idle.nodeSeconds().sum()).isLessThanOrEqualTo(idle.coreSeconds().sum());
    }

    private static IdleTimes idle(SimulationConfig config) {
        return Objects.requireNonNull(Simulation.run(config).idle());
    }
}
