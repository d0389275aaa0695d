package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.testing.SharedData;
import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import io.offcut.traces.SwfLog;
import io.offcut.traces.SwfReader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Published EASY schedules, job by job: the simulations behind Gaussier et al., "Improving
 * backfilling by using machine learning to predict running times", SC 2015.
 */
class EasyOracleTest {
    private static final String REQUESTED = "res_easy_backfill_scheduler_None_None.swf.gz";
    private static final String EXACT =
            "res_easy_prediction_backfill_scheduler_predictorclairvoyant_throw_an_error.swf.gz";

    @ParameterizedTest
    @CsvSource({
        "KTH-SP2, USER, 100, 28481, 6836.872, 92.5765",
        "KTH-SP2, EXACT, 100, 28481, 6327.682, 71.7224",
        "SDSC-SP2, USER, 128, 54006, 20497.761, 87.8703",
        "SDSC-SP2, EXACT, 128, 54006, 17337.106, 70.4779",
        "CEA-curie, USER, 80640, 295540, 6369.102, 202.1332",
        "CEA-curie, EXACT, 80640, 295540, 4946.119, 69.9259",
    })
    void startsEveryJobWhenThePublishedScheduleDoes(
            String name,
            Estimates estimates,
            int procs,
            int size,
            double meanWaitSeconds,
            double meanSlowdown) {
        String file = estimates == Estimates.EXACT ? EXACT : REQUESTED;
        SwfLog log = SwfReader.read(SharedData.require("oracle/easy/" + name + "/" + file));
        JobTable jobs = log.jobs();

        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(jobs, ClusterSpec.of(procs, 1))
                                .with(new BatchConfig(Scheduler.EASY, estimates, Allocation.CORES))
                                .with(FunctionConfig.NONE));

        JobSchedule schedule = result.schedule();
        assertThat(schedule.size()).isEqualTo(size).isEqualTo(jobs.size());
        int otherStarts = 0;
        int otherFlags = 0;
        for (int job = 0; job < schedule.size(); job++) {
            int row = schedule.row(job);
            otherStarts += schedule.waitSeconds(job) == jobs.waitSeconds(row) ? 0 : 1;
            boolean backfilled = jobs.value(row, SwfField.PARTITION) == 1;
            otherFlags += schedule.backfilled(job) == backfilled ? 0 : 1;
        }
        assertThat(otherStarts).as("jobs that start at another time").isZero();
        assertThat(otherFlags).as("jobs backfilled in one of the two only").isZero();
        assertThat(result.batch().meanWaitSeconds()).isCloseTo(meanWaitSeconds, within(0.001));
        assertThat(result.batch().meanBoundedSlowdown()).isCloseTo(meanSlowdown, within(0.0001));
        assertThat(result.batch().clippedJobs()).isZero();
    }
}
