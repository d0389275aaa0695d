package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold between the schedules of two logs or two machines. */
class ScheduleRelationsTest {
    private static final int PROCS = 64;

    static Stream<BatchConfig> configs() {
        List<BatchConfig> configs = new ArrayList<>();
        for (Scheduler scheduler :
                List.of(Scheduler.FCFS, Scheduler.EASY, Scheduler.CONSERVATIVE)) {
            for (Estimates estimates : Estimates.values()) {
                configs.add(new BatchConfig(scheduler, estimates, Allocation.CORES));
                configs.add(new BatchConfig(scheduler, estimates, Allocation.NODES));
            }
        }
        configs.add(BatchConfig.DEFAULT.with(EasySemantics.PER_INSTANT));
        configs.add(BatchConfig.DEFAULT.with(Fit.MEMORY));
        for (Allocation allocation : Allocation.values()) {
            configs.add(
                    new BatchConfig(Scheduler.CONSERVATIVE, Estimates.USER, allocation)
                            .with(Fit.MEMORY));
        }
        return configs.stream();
    }

    /** Rules compare times with sums of times, so the unit of time does not matter. */
    @ParameterizedTest
    @MethodSource("configs")
    void allTimesTimesSevenGivesTheScheduleTimesSeven(BatchConfig config) {
        for (long seed = 1; seed <= 4; seed++) {
            JobTable jobs = generated(seed);
            long[] plain = starts(jobs, ClusterSpec.of(PROCS, 16), config);
            long[] scaled = starts(scaled(jobs, 7), ClusterSpec.of(PROCS, 16), config);
            for (int job = 0; job < plain.length; job++) {
                assertThat(scaled[job]).as("seed %d", seed).isEqualTo(7 * plain[job]);
            }
        }
    }

    /**
     * Nobody overtakes, so at the time at which a job starts on the smaller machine, those before
     * it have all started on the larger, none later than on the smaller, and no more of them still
     * run. With backfilling this does not hold: who fits earlier may be in the way of another.
     */
    @Test
    void onALargerMachineNobodyStartsLaterIfNobodyOvertakes() {
        BatchConfig fcfs = new BatchConfig(Scheduler.FCFS, Estimates.USER, Allocation.CORES);
        for (long seed = 1; seed <= 10; seed++) {
            JobTable jobs = generated(seed);
            long[] small = starts(jobs, ClusterSpec.of(PROCS, 16), fcfs);
            long[] large = starts(jobs, ClusterSpec.of(PROCS + 16, 16), fcfs);
            for (int job = 0; job < small.length; job++) {
                assertThat(large[job]).as("seed %d", seed).isLessThanOrEqualTo(small[job]);
            }
        }
    }

    /** The first reservation is the latest: nothing that comes later may delay it. */
    @Test
    void withTrueEstimatesConservativeNeverStartsAJobLaterThanFirstComeFirstServedWould() {
        for (long seed = 1; seed <= 10; seed++) {
            JobTable jobs = generated(seed);
            long[] fcfs =
                    starts(
                            jobs,
                            ClusterSpec.of(PROCS, 16),
                            new BatchConfig(Scheduler.FCFS, Estimates.EXACT, Allocation.CORES));
            long[] conservative =
                    starts(
                            jobs,
                            ClusterSpec.of(PROCS, 16),
                            new BatchConfig(
                                    Scheduler.CONSERVATIVE, Estimates.EXACT, Allocation.CORES));
            for (int job = 0; job < fcfs.length; job++) {
                assertThat(conservative[job]).as("seed %d", seed).isLessThanOrEqualTo(fcfs[job]);
            }
        }
    }

    private static JobTable generated(long seed) {
        return JobTraceGenerator.generate(new JobTraceModel(300, PROCS, 4, 1.1, 9, 0), seed).jobs();
    }

    private static JobTable scaled(JobTable jobs, int factor) {
        long[][] rows = new long[jobs.size()][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] =
                    Tables.job(
                            factor * jobs.submitSeconds(row),
                            -1,
                            (long) factor * jobs.runSeconds(row),
                            jobs.procs(row),
                            (long) factor * jobs.requestedSeconds(row),
                            jobs.requestedMemoryKib(row));
        }
        return Tables.of(rows);
    }

    private static long[] starts(JobTable jobs, ClusterSpec spec, BatchConfig config) {
        JobSchedule schedule =
                Simulation.run(
                                new SimulationConfig(jobs, spec)
                                        .with(config)
                                        .with(FunctionConfig.NONE))
                        .schedule();
        long[] starts = new long[schedule.size()];
        for (int job = 0; job < starts.length; job++) {
            starts[job] = schedule.startSeconds(job);
        }
        return starts;
    }
}
