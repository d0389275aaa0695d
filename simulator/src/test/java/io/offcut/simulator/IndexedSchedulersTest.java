package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.EasySemantics;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Schedulers with indexes start each job when those without do. */
class IndexedSchedulersTest {
    private static final int RUNS = 60;
    private static final long SEED = Long.getLong("offcut.seed", 20_260_101);

    @Test
    void easyPerEvent() {
        each((jobs, procs, seed) ->
                assertThat(starts(jobs, procs, EasySemantics.PER_EVENT, Fit.COUNT))
                        .as("seed %d", seed)
                        .isEqualTo(NaiveSchedules.easy(jobs, procs, true)));
    }

    @Test
    void easyPerInstant() {
        each((jobs, procs, seed) ->
                assertThat(starts(jobs, procs, EasySemantics.PER_INSTANT, Fit.COUNT))
                        .as("seed %d", seed)
                        .isEqualTo(NaiveSchedules.easy(jobs, procs, false)));
    }

    @Test
    void easyThatPlacesJobsOnNodesWhereOnlyCoresDecide() {
        each((jobs, procs, seed) -> {
            assertThat(starts(jobs, procs, EasySemantics.PER_EVENT, Fit.CORES))
                    .as("seed %d", seed)
                    .isEqualTo(NaiveSchedules.easy(jobs, procs, true));
            assertThat(starts(jobs, procs, EasySemantics.PER_INSTANT, Fit.MEMORY))
                    .as("seed %d", seed)
                    .isEqualTo(NaiveSchedules.easy(jobs, procs, false));
        });
    }

    @Test
    void conservative() {
        each((jobs, procs, seed) -> {
            long[] naive = NaiveSchedules.conservative(jobs, procs);
            for (Fit fit : Fit.values()) {
                BatchConfig config =
                        new BatchConfig(Scheduler.CONSERVATIVE, Estimates.USER, Allocation.CORES)
                                .with(fit);
                assertThat(starts(jobs, procs, config))
                        .as("seed %d, %s", seed, fit)
                        .isEqualTo(naive);
            }
        });
    }

    private interface Check {
        void of(List<long[]> jobs, int procs, long seed);
    }

    /**
     * Short times, so that much happens at the same instant; more than 64 jobs wait at times. Every
     * job is expected to take some time: one that is not is gone with the event at which it starts
     * in the one, and at once in the other.
     */
    private static void each(Check check) {
        for (long seed = SEED; seed < SEED + RUNS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int procs = random.nextInt(1, 20);
            int count = random.nextInt(1, 250);
            int longest = random.nextInt(2, 60);
            List<long[]> jobs = new ArrayList<>();
            long submit = 0;
            for (int job = 0; job < count; job++) {
                submit += random.nextInt(3) == 0 ? random.nextInt(longest) : 0;
                long run = random.nextInt(longest);
                long more = random.nextBoolean() ? 0 : random.nextInt(2 * longest);
                jobs.add(
                        new long[] {
                            submit, run, random.nextInt(1, procs + 1), Math.max(1, run + more)
                        });
            }
            check.of(jobs, procs, seed);
        }
    }

    private static long[] starts(List<long[]> jobs, int procs, EasySemantics semantics, Fit fit) {
        return starts(jobs, procs, BatchConfig.DEFAULT.with(semantics).with(fit));
    }

    private static long[] starts(List<long[]> jobs, int procs, BatchConfig config) {
        long[][] rows =
                jobs.stream()
                        .map(job -> Tables.job(job[0], -1, job[1], job[2], job[3]))
                        .toArray(long[][]::new);
        JobSchedule schedule =
                Simulation.run(
                                new SimulationConfig(Tables.of(rows), ClusterSpec.of(procs, 3))
                                        .with(FunctionConfig.NONE)
                                        .with(config))
                        .schedule();
        long[] starts = new long[schedule.size()];
        for (int job = 0; job < starts.length; job++) {
            starts[schedule.row(job)] = schedule.startSeconds(job);
        }
        return starts;
    }
}
