package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Schedules small enough to follow by hand: 4 cores, one to a node. */
class BatchSchedulersTest {
    /**
     * Job 2 must wait for job 1; job 3 is short enough to pass it; job 4 is not; job 5 is narrow.
     */
    private static final JobTable FIVE =
            Tables.of(
                    job(0, -1, 100, 3, 100),
                    job(10, -1, 50, 4, 50),
                    job(20, -1, 30, 1, 80),
                    job(30, -1, 60, 1, 200),
                    job(40, -1, 20, 1, 20));

    @Test
    void firstComeFirstServedLetsNobodyPass() {
        assertThat(starts(run(FIVE, Scheduler.FCFS, Estimates.USER)))
                .containsExactly(0, 100, 150, 150, 150);
    }

    @Test
    void easyLetsPassWhoDoesNotDelayTheFirst() {
        SimulationResult result = run(FIVE, Scheduler.EASY, Estimates.USER);

        // Job 3 holds the free core from 20 to 50. Job 4 would hold it beyond 100; job 5 not.
        assertThat(starts(result)).containsExactly(0, 100, 20, 150, 50);
        assertThat(result.schedule().backfilled(2)).isTrue();
        assertThat(result.schedule().backfilled(4)).isTrue();
        assertThat(result.batch().backfilledJobs()).isEqualTo(2);
        assertThat(result.batch().meanWaitSeconds()).isCloseTo((90 + 120 + 10) / 5.0, within(1e-9));
        assertThat(result.batch().maxWaitSeconds()).isEqualTo(120);
    }

    @Test
    void easyUsesWhatTheFirstLeavesOver() {
        // At 100 the first in the queue needs 3 of 4 cores: one is extra, for however long.
        JobTable jobs =
                Tables.of(job(0, -1, 100, 3, 100), job(1, -1, 10, 3, 10), job(2, -1, 500, 1, 500));

        assertThat(starts(run(jobs, Scheduler.EASY, Estimates.USER))).containsExactly(0, 100, 2);
    }

    @Test
    void exactEstimatesLetMorePass() {
        // Job 4 asks for 200 s and runs 60: known exactly it fits before 100, once job 3 is gone.
        assertThat(starts(run(FIVE, Scheduler.EASY, Estimates.EXACT)))
                .containsExactly(0, 100, 20, 150, 50);
        JobTable jobs =
                Tables.of(job(0, -1, 100, 3, 100), job(10, -1, 50, 4, 50), job(30, -1, 60, 1, 200));
        assertThat(starts(run(jobs, Scheduler.EASY, Estimates.USER))).containsExactly(0, 100, 150);
        assertThat(starts(run(jobs, Scheduler.EASY, Estimates.EXACT))).containsExactly(0, 100, 30);
    }

    @Test
    void byEventAndByInstantDiffer() {
        // Ends when they were expected make no difference: they count before they are told.
        JobTable jobs =
                Tables.of(
                        job(0, -1, 10, 4, 10),
                        job(5, -1, 10, 2, 10),
                        job(10, -1, 50, 4, 50),
                        job(10, -1, 100, 2, 100));

        assertThat(starts(run(jobs, Scheduler.EASY, Estimates.USER)))
                .containsExactly(0, 10, 20, 70);
        assertThat(starts(runPerInstant(jobs))).containsExactly(0, 10, 20, 70);
        JobTable earlyEnd =
                Tables.of(job(0, -1, 10, 2, 50), job(5, -1, 50, 4, 50), job(10, -1, 15, 2, 40));

        // The early end at 10 is told after the submission at 10: by event the first job is still
        // expected to run until 50, and the third, gone by then, passes the second.
        assertThat(starts(run(earlyEnd, Scheduler.EASY, Estimates.USER)))
                .containsExactly(0, 25, 10);
        assertThat(starts(runPerInstant(earlyEnd))).containsExactly(0, 10, 60);
    }

    @Test
    void replaysARecordedSchedule() {
        JobTable jobs = Tables.of(job(0, 7, 10, 4, -1), job(5, 12, 3, 2, -1), job(6, 0, 0, 4, -1));

        SimulationResult result = run(jobs, Scheduler.RECORDED, Estimates.USER);

        assertThat(starts(result)).containsExactly(7, 17, 6);
        assertThat(result.cores().spanSeconds()).isEqualTo(20 - 6);
        assertThat(result.cores().job()).isEqualTo(46);
        assertThat(result.batch().clippedJobs()).isZero();
    }

    @Test
    void clipsARecordedScheduleThatHoldsMoreThanTheMachine() {
        JobTable jobs = Tables.of(job(0, 0, 10, 3, -1), job(2, 0, 10, 3, -1), job(3, 0, 5, 2, -1));

        SimulationResult result = run(jobs, Scheduler.RECORDED, Estimates.USER);

        assertThat(starts(result)).containsExactly(0, 2, 3);
        assertThat(result.batch().clippedJobs()).isEqualTo(2);
        assertThat(result.batch().clippedCoreSeconds()).isEqualTo(2 * 10 + 2 * 5);
        assertThat(result.cores().job()).isEqualTo(30 + 10);
    }

    @Test
    void jobsOfNoLengthTakeNothing() {
        JobTable jobs = Tables.of(job(0, -1, 0, 4, 0), job(0, -1, 0, 4, 10), job(0, -1, 10, 4, 10));

        for (Scheduler scheduler :
                new Scheduler[] {Scheduler.FCFS, Scheduler.EASY, Scheduler.CONSERVATIVE}) {
            SimulationResult result = run(jobs, scheduler, Estimates.USER);
            assertThat(starts(result)).as("%s", scheduler).containsExactly(0, 0, 0);
            assertThat(result.cores().job()).isEqualTo(40);
        }
    }

    @Test
    void leavesOutWhatCannotBeSimulated() {
        JobTable jobs =
                Tables.of(
                        job(0, -1, -1, 1, 5),
                        job(0, -1, 5, -1, 5),
                        job(0, -1, 5, 5, 5),
                        job(0, -1, 5, 4, 5));

        SimulationResult result = run(jobs, Scheduler.EASY, Estimates.USER);

        assertThat(result.batch().jobs()).isEqualTo(1);
        assertThat(result.batch().unknownJobs()).isEqualTo(2);
        assertThat(result.batch().tooLargeJobs()).isEqualTo(1);
        assertThat(result.schedule().job(0)).isEqualTo(4);
    }

    @Test
    void refusesALogThatSaysNothingOfTheSchedule() {
        assertThatThrownBy(() -> run(FIVE, Scheduler.RECORDED, Estimates.USER))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_INPUT))
                .hasMessageContaining("wait")
                .hasMessageContaining("easy");
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"FCFS", "EASY", "CONSERVATIVE"})
    void neverHoldsMoreThanTheMachineAndLosesNoJob(Scheduler scheduler) {
        for (long seed = 1; seed <= 5; seed++) {
            JobTable jobs =
                    JobTraceGenerator.generate(new JobTraceModel(500, 64, 4, 1.2, 9, 0), seed)
                            .jobs();
            for (Allocation allocation : Allocation.values()) {
                SimulationResult result =
                        Simulation.run(
                                new SimulationConfig(jobs, ClusterSpec.of(64, 16))
                                        .with(FunctionConfig.NONE)
                                        .with(
                                                new BatchConfig(
                                                        scheduler, Estimates.USER, allocation)));
                assertThat(result.batch().clippedJobs())
                        .as("seed %d, %s", seed, allocation)
                        .isZero();
                assertThat(result.schedule().size()).isEqualTo(500);
                assertThat(mostCoresAtOnce(result.schedule())).isLessThanOrEqualTo(64);
            }
        }
    }

    private static int mostCoresAtOnce(JobSchedule schedule) {
        int most = 0;
        for (int job = 0; job < schedule.size(); job++) {
            long now = schedule.startSeconds(job);
            int cores = 0;
            for (int other = 0; other < schedule.size(); other++) {
                if (schedule.startSeconds(other) <= now && now < schedule.endSeconds(other)) {
                    cores += schedule.cores(other);
                }
            }
            most = Math.max(most, cores);
        }
        return most;
    }

    private static SimulationResult run(JobTable jobs, Scheduler scheduler, Estimates estimates) {
        return Simulation.run(
                new SimulationConfig(jobs, ClusterSpec.of(4, 1))
                        .with(FunctionConfig.NONE)
                        .with(new BatchConfig(scheduler, estimates, Allocation.CORES)));
    }

    private static SimulationResult runPerInstant(JobTable jobs) {
        return Simulation.run(
                new SimulationConfig(jobs, ClusterSpec.of(4, 1))
                        .with(FunctionConfig.NONE)
                        .with(BatchConfig.DEFAULT.with(EasySemantics.PER_INSTANT)));
    }

    /** By row of the table. */
    private static long[] starts(SimulationResult result) {
        long[] starts = new long[result.schedule().size()];
        Arrays.fill(starts, -1);
        for (int job = 0; job < starts.length; job++) {
            starts[result.schedule().row(job)] = result.schedule().startSeconds(job);
        }
        return starts;
    }
}
