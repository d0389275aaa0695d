package io.offcut.simulator.internal.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.ClusterSpec;
import io.offcut.simulator.NodeClass;
import io.offcut.traces.JobTable;
import io.offcut.traces.SwfField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A reservation is a promise: nobody starts later than was ever said, and all start. */
class ConservativePromiseTest {
    private static final long SEED = Long.getLong("offcut.seed", 20_260_101);
    private static final long MILLIS = 1000;

    @ParameterizedTest
    @EnumSource
    void nobodyStartsLaterThanPromised(Allocation allocation) {
        for (long seed = SEED; seed < SEED + 100; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            ClusterSpec spec =
                    new ClusterSpec(
                            List.of(
                                    new NodeClass("a", random.nextInt(1, 4), 3, 6 << 10),
                                    new NodeClass("b", random.nextInt(1, 4), 5, 30 << 10)),
                            List.of());
            BatchConfig config =
                    new BatchConfig(Scheduler.CONSERVATIVE, Estimates.USER, allocation)
                            .with(random.nextBoolean() ? Fit.MEMORY : Fit.CORES);
            BatchJobs jobs = new BatchJobs(jobs(random), spec, config);
            new Run(jobs, spec, config, seed).run();
        }
    }

    private static JobTable jobs(SplittableRandom random) {
        JobTable.Builder builder = new JobTable.Builder();
        long submit = 0;
        for (int job = 1; job <= 100; job++) {
            long[] values = new long[SwfField.COUNT];
            Arrays.fill(values, -1);
            submit += random.nextInt(8);
            long run = random.nextInt(40);
            values[SwfField.JOB.column()] = job;
            values[SwfField.SUBMIT.column()] = submit;
            values[SwfField.RUN.column()] = run;
            values[SwfField.PROCS.column()] = random.nextInt(1, 8);
            values[SwfField.REQUESTED_TIME.column()] = run + random.nextInt(1, 60);
            values[SwfField.REQUESTED_MEMORY.column()] = random.nextInt(6);
            builder.add(values, -1);
        }
        return builder.build();
    }

    /** The least of an engine: it only tells of submissions and ends, and remembers promises. */
    private static final class Run implements BatchScheduler.Actions {
        private final BatchJobs jobs;
        private final ConservativeScheduler scheduler;
        private final long seed;
        private final long[] promisedMillis;
        private final TreeMap<Long, List<Integer>> ends = new TreeMap<>();
        private long nowMillis;
        private int started;
        private int submitted;

        Run(BatchJobs jobs, ClusterSpec spec, BatchConfig config, long seed) {
            this.jobs = jobs;
            this.seed = seed;
            this.promisedMillis = new long[jobs.size()];
            Arrays.fill(promisedMillis, Long.MAX_VALUE);
            this.scheduler = (ConservativeScheduler) Schedulers.create(config, jobs, spec, this);
        }

        void run() {
            while (started < jobs.size() || !ends.isEmpty()) {
                nowMillis = nextMillis();
                while (submitted < jobs.size() && jobs.submitMillis(submitted) <= nowMillis) {
                    scheduler.submitted(nowMillis, submitted++);
                }
                List<Integer> ended = ends.remove(nowMillis);
                if (ended != null) {
                    ended.forEach(job -> scheduler.ended(nowMillis, job));
                }
                scheduler.instantOver(nowMillis);
                for (int job = 0; job < submitted; job++) {
                    promise(job, scheduler.reservedMillis(job));
                }
            }
        }

        private long nextMillis() {
            long next = scheduler.nextWakeMillis();
            next = ends.isEmpty() ? next : Math.min(next, ends.firstKey());
            return submitted < jobs.size() ? Math.min(next, jobs.submitMillis(submitted)) : next;
        }

        private void promise(int job, long startMillis) {
            if (startMillis != Long.MAX_VALUE) {
                assertThat(startMillis)
                        .as("seed %d, job %d at %d", seed, job, nowMillis)
                        .isLessThanOrEqualTo(promisedMillis[job])
                        .isGreaterThanOrEqualTo(nowMillis);
                promisedMillis[job] = startMillis;
            }
        }

        @Override
        public void start(int job, boolean overtaking) {
            promise(job, nowMillis);
            started++;
            long endMillis = nowMillis + jobs.runMillis(job);
            ends.computeIfAbsent(endMillis, time -> new ArrayList<>()).add(job);
        }

        @Override
        public void startAt(int job, long timeMillis) {
            throw new AssertionError("job " + job + " at " + timeMillis / MILLIS);
        }
    }
}
