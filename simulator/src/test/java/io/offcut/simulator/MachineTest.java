package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.OffcutException;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Fit;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.traces.JobTable;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Nodes of several kinds, their memory, and their outages. */
class MachineTest {
    private static final long GIB = 1L << 30;
    private static final long GIB_IN_KIB = 1L << 20;
    private static final long SEED = Long.getLong("offcut.seed", 20_260_101);

    /** Two nodes of 4 cores: one with 4 GiB, one with 64. */
    private static final ClusterSpec SMALL_AND_LARGE =
            new ClusterSpec(
                    List.of(
                            new NodeClass("small", 1, 4, 4 * GIB),
                            new NodeClass("large", 1, 4, 64 * GIB)),
                    List.of());

    private static final BatchConfig BY_MEMORY = BatchConfig.DEFAULT.with(Fit.MEMORY);

    private static final List<BatchConfig> EACH_WAY =
            List.of(
                    BatchConfig.DEFAULT,
                    new BatchConfig(Scheduler.FCFS, Estimates.USER, Allocation.CORES),
                    new BatchConfig(Scheduler.CONSERVATIVE, Estimates.USER, Allocation.CORES),
                    new BatchConfig(Scheduler.CONSERVATIVE, Estimates.USER, Allocation.NODES));

    @Test
    void aJobWithMemoryStartsOnlyWhereThatIs() {
        JobTable jobs =
                Tables.of(
                        job(0, -1, 100, 4, 100, 10 * GIB_IN_KIB),
                        job(1, -1, 100, 4, 100, 10 * GIB_IN_KIB),
                        job(2, -1, 50, 4, 50, GIB_IN_KIB));

        assertThat(starts(jobs, SMALL_AND_LARGE, BY_MEMORY)).containsExactly(0, 100, 2);
        assertThat(starts(jobs, SMALL_AND_LARGE, BatchConfig.DEFAULT)).containsExactly(0, 1, 100);
    }

    @Test
    void nobodyTakesTheMemoryThatTheFirstWaitsFor() {
        // The second waits until 100 for the large node, of which the fourth would hold a core
        // then;
        // the third and the last go to the small one.
        JobTable jobs =
                Tables.of(
                        job(0, -1, 100, 2, 100, 30 * GIB_IN_KIB),
                        job(1, -1, 100, 4, 100, 10 * GIB_IN_KIB),
                        job(2, -1, 500, 1, 500, 3 * GIB_IN_KIB),
                        job(3, -1, 500, 1, 500, 2 * GIB_IN_KIB),
                        job(4, -1, 500, 1, 500, GIB_IN_KIB));

        assertThat(starts(jobs, SMALL_AND_LARGE, BY_MEMORY)).containsExactly(0, 100, 2, 200, 4);
    }

    @Test
    void aJobThatNeedsMoreMemoryThanThereIsIsTooLarge() {
        JobTable jobs = Tables.of(job(0, -1, 1, 5, 1, 10 * GIB_IN_KIB), job(0, -1, 1, 5, 1));

        SimulationResult result = run(jobs, SMALL_AND_LARGE, BY_MEMORY);

        assertThat(result.batch().tooLargeJobs()).isEqualTo(1);
        assertThat(result.batch().jobs()).isEqualTo(1);
    }

    @Test
    void wholeNodesOfSeveralSizes() {
        ClusterSpec spec =
                new ClusterSpec(
                        List.of(new NodeClass("a", 1, 2, GIB), new NodeClass("b", 1, 8, GIB)),
                        List.of());
        JobTable jobs =
                Tables.of(job(0, -1, 10, 2, 10), job(1, -1, 10, 3, 10), job(2, -1, 10, 1, 10));
        BatchConfig whole = new BatchConfig(Scheduler.EASY, Estimates.USER, Allocation.NODES);

        SimulationResult result = run(jobs, spec, whole);

        assertThat(starts(result)).containsExactly(0, 1, 10);
        assertThat(result.cores().allocated()).isEqualTo(20 + 80 + 20);
    }

    @Test
    void easyAgreesWithANaiveOneOnAnyMachine() {
        eachMachine((rows, spec, whole, seed) ->
                assertThat(starts(table(rows), spec, byMemory(Scheduler.EASY, whole)))
                        .as("seed %d", seed)
                        .isEqualTo(NaivePlacement.easy(rows, spec, whole)));
    }

    @Test
    void conservativeAgreesWithANaiveOneOnAnyMachine() {
        eachMachine((rows, spec, whole, seed) ->
                assertThat(starts(table(rows), spec, byMemory(Scheduler.CONSERVATIVE, whole)))
                        .as("seed %d", seed)
                        .isEqualTo(NaiveConservative.starts(rows, spec, whole)));
    }

    @Test
    void conservativeAgreesWithANaiveOneThroughOutages() {
        eachMachine((rows, spec, whole, seed) -> {
            ClusterSpec failing = spec.with(outages(new SplittableRandom(~seed), spec.nodes()));
            assertThat(starts(table(rows), failing, byMemory(Scheduler.CONSERVATIVE, whole)))
                    .as("seed %d", seed)
                    .isEqualTo(NaiveConservative.starts(rows, failing, whole));
            List<long[]> small = rows.stream().map(MachineTest::withoutMemory).toList();
            assertThat(starts(table(small), failing, byMemory(Scheduler.CONSERVATIVE, whole)))
                    .as("seed %d, without memory", seed)
                    .isEqualTo(NaiveConservative.starts(small, failing, whole));
        });
    }

    private static long[] withoutMemory(long[] row) {
        return new long[] {row[0], row[1], row[2], row[3], 0};
    }

    /** Kinds that leave every job with a start that both sides know. */
    private static List<Outage> outages(SplittableRandom random, int nodes) {
        List<Outage> outages = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
            long from = random.nextInt(60);
            for (int n = random.nextInt(3); n > 0; n--) {
                long to = from + random.nextInt(1, 60);
                Outage.Kind kind = random.nextBoolean() ? Outage.Kind.DRAIN : Outage.Kind.FAIL;
                outages.add(new Outage(node, from, to, kind));
                from = to + random.nextInt(1, 60);
            }
        }
        return outages;
    }

    private interface MachineCheck {
        void of(List<long[]> rows, ClusterSpec spec, boolean wholeNodes, long seed);
    }

    private static void eachMachine(MachineCheck check) {
        for (long seed = SEED; seed < SEED + 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            ClusterSpec spec = machine(random);
            boolean whole = random.nextBoolean();
            List<long[]> rows = new ArrayList<>();
            long submit = 0;
            for (int n = random.nextInt(1, 80); n > 0; n--) {
                submit += random.nextBoolean() ? random.nextInt(20) : 0;
                long run = random.nextInt(1, 40);
                long kib = random.nextBoolean() ? 0 : random.nextInt(1, 8);
                int most = spec.coresFor(kib * 1024);
                if (most > 0) {
                    rows.add(
                            new long[] {
                                submit,
                                run,
                                random.nextInt(1, most + 1),
                                run + (random.nextBoolean() ? random.nextInt(60) : 0),
                                kib * 1024
                            });
                }
            }
            if (!rows.isEmpty()) {
                check.of(rows, spec, whole, seed);
            }
        }
    }

    private static JobTable table(List<long[]> rows) {
        return Tables.of(
                rows.stream()
                        .map(r -> job(r[0], -1, r[1], r[2], r[3], r[4] / 1024))
                        .toArray(long[][]::new));
    }

    private static BatchConfig byMemory(Scheduler scheduler, boolean whole) {
        return new BatchConfig(
                        scheduler, Estimates.USER, whole ? Allocation.NODES : Allocation.CORES)
                .with(Fit.MEMORY);
    }

    private static ClusterSpec machine(SplittableRandom random) {
        List<NodeClass> classes = new ArrayList<>();
        for (int n = random.nextInt(1, 4); n > 0; n--) {
            classes.add(
                    new NodeClass(
                            "c" + n,
                            random.nextInt(1, 4),
                            random.nextInt(1, 6),
                            random.nextInt(20) * 1024L));
        }
        return new ClusterSpec(classes, List.of());
    }

    @Test
    void aDrainedNodeFinishesItsJobsAndTakesNoOthers() {
        ClusterSpec spec =
                ClusterSpec.of(4, 2).with(List.of(new Outage(0, 5, 50, Outage.Kind.DRAIN)));
        JobTable jobs =
                Tables.of(job(0, -1, 10, 2, 10), job(6, -1, 10, 2, 10), job(7, -1, 10, 1, 10));

        SimulationResult result = run(jobs, spec, BatchConfig.DEFAULT);

        assertThat(starts(result)).containsExactly(0, 6, 16);
        assertThat(result.batch().requeues()).isZero();
        // From 10, when the first job leaves the drained node, to the end at 26.
        assertThat(result.cores().down()).isEqualTo(2 * 16);
    }

    @Test
    void jobsOfAFailedNodeRunAgainFromTheBeginning() {
        ClusterSpec spec =
                ClusterSpec.of(4, 2).with(List.of(new Outage(1, 5, 20, Outage.Kind.FAIL)));
        JobTable jobs =
                Tables.of(job(0, -1, 30, 2, 30), job(0, -1, 10, 2, 10), job(6, -1, 10, 2, 10));

        SimulationResult result = run(jobs, spec, BatchConfig.DEFAULT);

        // The second keeps its place before the third.
        assertThat(starts(result)).containsExactly(0, 20, 30);
        assertThat(result.batch().requeues()).isEqualTo(1);
        assertThat(result.cores().job()).isEqualTo(60 + 2 * 5 + 20 + 20);
        assertThat(result.cores().down()).isEqualTo(2 * 15);
        assertBalanced(result.cores());
    }

    @Test
    void aLostJobEndsWhenItsNodeFails() {
        ClusterSpec spec =
                ClusterSpec.of(4, 2).with(List.of(new Outage(1, 5, 20, Outage.Kind.LOSE)));
        JobTable jobs = Tables.of(job(0, -1, 30, 2, 30), job(0, -1, 10, 2, 10));

        SimulationResult result = run(jobs, spec, BatchConfig.DEFAULT);

        assertThat(result.batch().lostJobs()).isEqualTo(1);
        assertThat(result.schedule().endSeconds(1)).isEqualTo(5);
        assertThat(result.cores().job()).isEqualTo(60 + 10);
        assertBalanced(result.cores());
    }

    @Test
    void outagesConserveCoreSecondsAndLoseNoJob() {
        for (long seed = SEED; seed < SEED + 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Outage.Kind> kinds = List.of(Outage.Kind.values());
            List<Outage> outages = new ArrayList<>();
            for (int n = 0; n < 10; n++) {
                long from = random.nextInt(400);
                Outage.Kind kind = kinds.get(random.nextInt(3));
                outages.add(
                        new Outage(random.nextInt(4), from, from + random.nextInt(1, 90), kind));
            }
            List<long[]> rows = new ArrayList<>();
            for (int n = 0; n < 60; n++) {
                long run = random.nextInt(60);
                rows.add(job(n * 5L, -1, run, random.nextInt(1, 9), run + random.nextInt(50)));
            }
            JobTable jobs = Tables.of(rows.toArray(long[][]::new));
            ClusterSpec spec = ClusterSpec.of(8, 2).with(outages);
            for (BatchConfig batch : EACH_WAY) {
                FunctionConfig functions =
                        random.nextBoolean() ? FunctionConfig.NONE : FunctionConfig.DEFAULT;
                SimulationResult result =
                        Simulation.run(
                                new SimulationConfig(jobs, spec).with(batch).with(functions));
                assertBalanced(result.cores());
                assertThat(result.schedule().size()).as("seed %d", seed).isEqualTo(60);
                for (int job = 0; job < 60; job++) {
                    assertThat(result.schedule().endSeconds(job))
                            .as("seed %d, job %d", seed, job)
                            .isGreaterThanOrEqualTo(result.schedule().startSeconds(job));
                }
            }
        }
    }

    @Test
    void refusesWhatItCannotDo() {
        ClusterSpec spec =
                ClusterSpec.of(4, 2).with(List.of(new Outage(1, 5, 20, Outage.Kind.FAIL)));
        JobTable jobs = Tables.of(job(0, 0, 30, 2, 30));

        BatchConfig recorded =
                new BatchConfig(Scheduler.RECORDED, Estimates.USER, Allocation.CORES);
        assertThatThrownBy(() -> run(jobs, spec, recorded))
                .isInstanceOf(OffcutException.class)
                .hasMessageContaining("outages");
        assertThatThrownBy(() -> spec.with(List.of(new Outage(2, 0, 1, Outage.Kind.DRAIN))))
                .hasMessageContaining("there is no node 2");
    }

    private static void assertBalanced(Cores cores) {
        assertThat(Math.round(1000 * (cores.job() + cores.idle() + cores.down())))
                .isEqualTo(Math.round(1000 * cores.capacity()));
    }

    private static SimulationResult run(JobTable jobs, ClusterSpec spec, BatchConfig config) {
        return Simulation.run(
                new SimulationConfig(jobs, spec).with(config).with(FunctionConfig.NONE));
    }

    private static long[] starts(JobTable jobs, ClusterSpec spec, BatchConfig config) {
        return starts(run(jobs, spec, config));
    }

    private static long[] starts(SimulationResult result) {
        long[] starts = new long[result.schedule().size()];
        for (int job = 0; job < starts.length; job++) {
            starts[result.schedule().row(job)] = result.schedule().startSeconds(job);
        }
        return starts;
    }
}
