package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.FunctionConfig.Executors;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy.Fit;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Pilots;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.FunctionConfig.Transport;
import io.offcut.simulator.SimulationResult.Calls;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.simulator.SimulationResult.Offloading;
import io.offcut.traces.JobTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Loads and policies on clusters small enough to count by hand. */
class FunctionLoadsTest {
    /** Nothing costs time. */
    private static final FunctionConfig IDEAL =
            FunctionConfig.DEFAULT
                    .with(new Leases(Place.DEFAULT, 0, false, 0, Reclaim.AT_ONCE))
                    .with(Executors.cold(0))
                    .with(new Transport("none", 0, Long.MAX_VALUE))
                    .with(Interference.NONE, Interference.COMPUTE)
                    .withWorkerMemory(1 << 20);

    private static final BatchConfig RECORDED =
            new BatchConfig(Scheduler.RECORDED, Estimates.USER, Allocation.CORES);

    private static final BatchConfig EASY =
            new BatchConfig(Scheduler.EASY, Estimates.USER, Allocation.CORES);

    @Test
    void callsWaitForWorkersAndKeepThemForAWhile() {
        // One of two cores is free. Two calls of 10 s come at 5: one after the other. 4 s later the
        // lease is given back; the second worker that was asked for comes then, for the third call.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1));
        FunctionConfig config =
                IDEAL.with(calls(60_000, 4_000, 1000, call(5, 10), call(5, 10), call(31, 10)))
                        .with(Executors.cold(1_000));

        Rows leases = new Rows();
        SimulationResult result = run(jobs, 2, config, RECORDED, leases);

        Calls calls = calls(result);
        assertThat(calls.invocations()).isEqualTo(3);
        assertThat(calls.done()).isEqualTo(3);
        assertThat(result.cores().harvested()).isEqualTo(30);
        assertThat(leases.lines)
                .containsExactly("0 f0 n0 5000-30000 1 released", "1 f0 n0 30000-45000 1 released");
        assertThat(calls.latency().maxMillis()).isCloseTo(21_000, within(200.0));
        assertThat(functions(result).executorStarts().cold()).isEqualTo(2);
    }

    @Test
    void anEvictedCallIsCalledAgainIfItMay() {
        // The second job takes the last core at 10 for 20 s, 5 s into a call of 10 s.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1), job(10, 0, 20, 1, -1));
        FunctionConfig again = IDEAL.with(calls(60_000, 0, 1000, call(5, 10)));
        FunctionConfig once = IDEAL.with(calls(60_000, 0, 0, call(5, 10)));

        SimulationResult moved = run(jobs, 2, again, RECORDED, LeaseLog.NONE);
        SimulationResult broken = run(jobs, 2, once, RECORDED, LeaseLog.NONE);

        assertThat(calls(moved).evictions()).isEqualTo(1);
        assertThat(calls(moved).retries()).isEqualTo(1);
        assertThat(calls(moved).done()).isEqualTo(1);
        assertThat(calls(moved).lostCoreSeconds()).isEqualTo(5);
        assertThat(moved.cores().harvested()).isEqualTo(10);
        assertThat(calls(moved).latency().maxMillis()).isCloseTo(35_000, within(350.0));
        assertThat(calls(broken).failed()).isEqualTo(1);
        assertThat(calls(broken).done()).isZero();
    }

    @Test
    void aJobBeginsWhenLeasesHaveLeftItsCores() {
        // The lease on the second core begins after 1 s of idleness; the second job wants the core.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, 100), job(10, 0, 20, 1, 20));
        FunctionConfig slow = IDEAL.with(reclaim(1_000, 2_000, 5_000));

        Rows leases = new Rows();
        SimulationResult easy = run(jobs, 2, slow, EASY, leases);
        SimulationResult recorded = run(jobs, 2, slow, RECORDED, LeaseLog.NONE);

        assertThat(easy.schedule().startSeconds(1)).isEqualTo(10);
        assertThat(easy.schedule().endSeconds(1)).isEqualTo(32);
        assertThat(easy.schedule().endSeconds(0)).isEqualTo(100);
        assertThat(functions(easy).delays()).isEqualTo(new SimulationResult.Delays(1, 2));
        assertThat(functions(easy).slowdown().slowedJobs()).isZero();
        assertThat(leases.lines.getFirst()).isEqualTo("0 functions n0 1000-10000 1 reclaimed");
        assertThat(recorded.schedule().endSeconds(1)).isEqualTo(30);
        assertThat(functions(recorded).delays()).isEqualTo(new SimulationResult.Delays(1, 2));
    }

    @Test
    void aJobOnIdleCoresIsNotDelayed() {
        JobTable jobs = Tables.of(job(0, 0, 100, 1, 100), job(10, 0, 20, 1, 20));

        SimulationResult result =
                run(jobs, 2, IDEAL.with(reclaim(60_000, 2_000, 5_000)), EASY, LeaseLog.NONE);

        assertThat(result.schedule().endSeconds(1)).isEqualTo(30);
        assertThat(functions(result).delays()).isEqualTo(new SimulationResult.Delays(0, 0));
    }

    @Test
    void theMemoryOfAReclaimedLeaseIsOfferedAgainWhenItIsGone() {
        // Three cores with 4 GiB each, of which a job and a worker each take as much. One lease has
        // two cores; a job takes one of them. The other is idle, and its memory free 5 s later.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, 100), job(10, 0, 40, 1, 40));
        FunctionConfig slow = IDEAL.withWorkerMemory(4L << 30);

        Rows leases = new Rows();
        run(jobs, 3, slow.with(reclaim(1_000, 2_000, 5_000)), RECORDED, leases);
        Rows atOnce = new Rows();
        run(jobs, 3, slow.with(reclaim(1_000, 0, 0)), RECORDED, atOnce);

        assertThat(leases.lines)
                .containsExactly(
                        "0 functions n0 1000-10000 2 reclaimed",
                        "1 functions n0 15000-100000 1 open",
                        "2 functions n0 51000-100000 1 open");
        assertThat(atOnce.lines).contains("1 functions n0 10000-100000 1 open");
    }

    @Test
    void theClientOfAFrozenCallHearsOfItLater() {
        // The call waits from its eviction at 10, or 12, to the end of the second job at 30.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1), job(10, 0, 20, 1, -1));
        FunctionConfig patient = IDEAL.with(calls(19_000, 0, 1000, call(5, 10)));

        Calls later =
                calls(
                        run(
                                jobs,
                                2,
                                patient.with(reclaim(0, 2_000, 2_000)),
                                RECORDED,
                                LeaseLog.NONE));
        Calls atOnce = calls(run(jobs, 2, patient, RECORDED, LeaseLog.NONE));

        assertThat(later.evictions()).isEqualTo(1);
        assertThat(later.lostCoreSeconds()).isEqualTo(5);
        assertThat(later.done()).isEqualTo(1);
        assertThat(later.latency().maxMillis()).isCloseTo(35_000, within(350.0));
        assertThat(atOnce.dropped()).isEqualTo(1);
    }

    private static Leases reclaim(long holdOffMillis, long freezeMillis, long evictMillis) {
        return new Leases(
                Place.DEFAULT, holdOffMillis, false, 0, new Reclaim(freezeMillis, evictMillis));
    }

    @Test
    void callsThatWaitTooLongAreDropped() {
        JobTable jobs = Tables.of(job(0, 0, 100, 2, -1));
        FunctionConfig config =
                IDEAL.with(calls(5_000, 0, 1000, call(1, 1), call(2, 1), call(97, 1)));

        Calls calls = calls(run(jobs, 2, config, RECORDED, LeaseLog.NONE));

        assertThat(calls.dropped()).isEqualTo(2);
        assertThat(calls.unfinished()).isEqualTo(1);
        assertThat(calls.done()).isZero();
    }

    @Test
    void aLeaseOfTheSameFunctionSoonAfterFindsItsExecutorKept() {
        JobTable jobs = Tables.of(job(0, 0, 1_000, 1, -1));
        FunctionConfig config =
                IDEAL.with(calls(60_000, 0, 1000, call(1, 1), call(10, 1), call(500, 1)))
                        .with(new Executors(90, 15, 11, 0, 60_000, 1 << 20));

        Functions functions = functions(run(jobs, 2, config, RECORDED, LeaseLog.NONE));

        assertThat(functions.executorStarts()).isEqualTo(new SimulationResult.Starts(2, 0, 1));
    }

    @Test
    void aPrewarmedExecutorServesOneLeaseAndIsReplaced() {
        JobTable jobs = Tables.of(job(0, 0, 1_000, 1, -1));
        FunctionConfig config =
                IDEAL.with(calls(60_000, 0, 1000, call(10, 1), call(20, 1)))
                        .with(new Executors(90, 15, 11, 1, 0, 1 << 20));

        Functions functions = functions(run(jobs, 2, config, RECORDED, LeaseLog.NONE));

        assertThat(functions.executorStarts()).isEqualTo(new SimulationResult.Starts(0, 2, 0));
    }

    @Test
    void leasesShortenTheJobThatOffloadsToThem() {
        // Half of 100 s on one core may be done elsewhere, and three leased cores do it three
        // times as fast beside the job's own: 50 s of work in t with 3t = 50, the rest is 50 s.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, 100), job(0, 0, 300, 1, 300));
        FunctionConfig half = IDEAL.with(new Load.Offload(1000, 500, 3000));
        FunctionConfig all = IDEAL.with(new Load.Offload(1000, 1000, 1000));

        SimulationResult result = run(jobs, 5, half, EASY, LeaseLog.NONE);
        SimulationResult equal =
                run(Tables.of(job(0, 0, 100, 2, 100)), 4, all, EASY, LeaseLog.NONE);

        assertThat(result.schedule().endSeconds(0)).isEqualTo(50);
        Offloading offloading = functions(equal).offloading();
        assertThat(offloading).isNotNull();
        assertThat(equal.schedule().endSeconds(0)).isEqualTo(50);
        assertThat(offloading.makespanGain()).isEqualTo(0.5);
        assertThat(equal.cores().harvested()).isEqualTo(100);
        assertThat(equal.cores().job()).isEqualTo(100);
    }

    @Test
    void functionsBesideAJobStretchItAndTheScheduleReacts() {
        // One core of the first job's node is free: half as fast again. The next waits for it.
        Interference half =
                new Interference(
                        "*", List.of(), List.of(new Interference.Pair("*", "f", 1500, 2000)));
        JobTable jobs = Tables.of(job(0, 0, 100, 3, 100), job(1, 0, 10, 4, 10));
        FunctionConfig config = IDEAL.with(half, "f");

        SimulationResult easy = run(jobs, 4, config, EASY, LeaseLog.NONE);
        SimulationResult recorded =
                run(Tables.of(job(0, 0, 100, 3, 100)), 4, config, RECORDED, LeaseLog.NONE);

        assertThat(easy.schedule().endSeconds(0)).isEqualTo(150);
        assertThat(easy.schedule().startSeconds(1)).isEqualTo(150);
        assertThat(easy.schedule().slowdownMilli(0)).isEqualTo(1500);
        assertThat(easy.schedule().slowdownMilli(1)).isEqualTo(1000);
        assertThat(functions(easy).slowdown().slowedJobs()).isEqualTo(1);
        assertThat(recorded.schedule().endSeconds(0)).isEqualTo(100);
        assertThat(recorded.schedule().slowdownMilli(0)).isEqualTo(1500);
    }

    @Test
    void jobsSlowTheCallsBesideThem() {
        Interference twice =
                new Interference(
                        "*", List.of(), List.of(new Interference.Pair("*", "f", 1000, 2000)));
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1));
        FunctionConfig config = IDEAL.with(calls(60_000, 0, 1000, call(5, 10))).with(twice, "f");

        SimulationResult result = run(jobs, 2, config, RECORDED, LeaseLog.NONE);

        assertThat(result.cores().harvested()).isEqualTo(20);
    }

    @Test
    void measuredCpuTimeSaysWhichCoresOfAJobAreOffered() {
        // Four cores for 100 s, 25 s of CPU time on each: one core's worth is used.
        JobTable jobs = Tables.measured(job(0, 0, 100, 4, -1), 25.0, 1 << 20);
        FunctionConfig config = IDEAL.with(new Leases(Place.DEFAULT, 0, true, 0, Reclaim.AT_ONCE));

        SimulationResult result = run(jobs, 4, config, RECORDED, LeaseLog.NONE);

        assertThat(result.cores().job()).isEqualTo(100);
        assertThat(result.cores().allocated()).isEqualTo(400);
        assertThat(result.cores().harvested()).isEqualTo(300);
        assertThat(functions(result).harvestedShareOfIdle()).isEqualTo(1);
        assertThat(result.cores().utilizationWithFunctions()).isEqualTo(1);
        assertThat(result.harvestable())
                .extracting(SimulationResult.Harvestable::policy)
                .containsExactly("none", "unallocated", "underused");
        assertThat(result.harvestable().get(1).coreShare()).isZero();
        assertThat(result.harvestable().get(2).coreShare()).isEqualTo(0.75);
        assertThat(result.harvestable().get(2).memoryShare()).isEqualTo(0.75);
    }

    @Test
    void whatAJobDidNotGetItDoesNotLeaveUnused() {
        // The second asked for three cores and got one; each used its cores half of the time.
        JobTable jobs = Tables.measured(50, -1, job(0, 0, 100, 3, -1), job(0, 0, 100, 3, -1));

        SimulationResult result = run(jobs, 4, FunctionConfig.NONE, RECORDED, LeaseLog.NONE);

        assertThat(result.harvestable().get(2).coreSeconds()).isEqualTo(200);
    }

    @Test
    void whatWholeNodeJobsHoldForNothingCouldBeWon() {
        BatchConfig nodes = new BatchConfig(Scheduler.RECORDED, Estimates.USER, Allocation.NODES);
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1));

        SimulationResult result = run(jobs, 4, FunctionConfig.NONE, nodes, LeaseLog.NONE);

        assertThat(result.harvestable().get(1).coreShare()).isZero();
        assertThat(result.harvestable().get(1).memoryShare()).isZero();
        assertThat(result.harvestable().get(2).coreShare()).isEqualTo(0.75);
        assertThat(result.harvestable().get(2).memoryShare()).isEqualTo(0.75);
    }

    @Test
    void memoryOfNodesWithoutIdleCoresIsLeasedOnDemand() {
        // The job has all cores and asked for a quarter of the memory of 16 GiB.
        JobTable jobs = Tables.of(job(0, 0, 100, 4, -1, 1 << 20));
        FunctionConfig config = IDEAL.withMemoryLeases(true);

        Rows leases = new Rows();
        Functions functions = functions(run(jobs, 4, config, RECORDED, leases));

        assertThat(functions.memory().memoryOnlyLeases()).isEqualTo(1);
        assertThat(functions.memory().memoryOnlyByteSeconds()).isEqualTo(100.0 * (12L << 30));
        assertThat(leases.lines).contains("1 memory n0 0-100000 0 reclaimed");
    }

    @Test
    void pilotsFillTheIntervalsOfIdleNodes() {
        // The node is idle from 100 to 900, 800 s: greedily 8 and 4 minutes, 80 s are left.
        JobTable jobs = Tables.of(job(0, 0, 100, 4, -1), job(900, 0, 100, 1, -1));
        Pilots greedy = new Pilots(List.of(120_000L, 240_000L, 480_000L), 20_000, Fit.GREEDY);
        Pilots preempted = new Pilots(List.of(480_000L), 20_000, Fit.PREEMPTED);

        Rows leases = new Rows();
        SimulationResult fitted = run(jobs, 4, IDEAL.with(greedy), RECORDED, leases);
        SimulationResult cut = run(jobs, 4, IDEAL.with(preempted), RECORDED, LeaseLog.NONE);

        assertThat(fitted.cores().offered()).isEqualTo(4 * 800);
        assertThat(fitted.cores().leased()).isEqualTo(4 * 720);
        assertThat(fitted.cores().harvested()).isEqualTo(4 * 680);
        assertThat(leases.lines)
                .containsExactly(
                        "0 pilot n0 100000-580000 4 expired", "1 pilot n0 580000-820000 4 expired");
        assertThat(functions(fitted).reclaims()).isZero();
        assertThat(cut.cores().leased()).isEqualTo(4 * 800);
        assertThat(cut.cores().harvested()).isEqualTo(4 * 760);
        assertThat(functions(cut).reclaims()).isEqualTo(1);
    }

    @Test
    void pilotsAreForAsMuchAsFitsOnly() {
        assertThatThrownBy(() ->
                        IDEAL.with(new Load.Offload(1000, 500, 1000))
                                .with(new Pilots(List.of(1L), 0, Fit.GREEDY)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'fit'");
    }

    /** A call at a second, of so many seconds. */
    private static long[] call(long atSeconds, long seconds) {
        return new long[] {atSeconds * 1000, seconds * 1000};
    }

    private static Load.Open calls(
            long patienceMillis, long holdMillis, int idempotent, long[]... calls) {
        return new Load.Open(new Listed(calls), patienceMillis, holdMillis, idempotent, 0);
    }

    /** Calls of one function, written out. */
    private static final class Listed implements ArrivalSource {
        private final long[][] calls;

        Listed(long[][] calls) {
            this.calls = calls;
        }

        @Override
        public String name() {
            return "listed";
        }

        @Override
        public Cursor open(long seed) {
            return new Cursor() {
                private int at = -1;

                @Override
                public boolean advance() {
                    return ++at < calls.length;
                }

                @Override
                public long atMillis() {
                    return calls[at][0];
                }

                @Override
                public long durationMillis() {
                    return calls[at][1];
                }

                @Override
                public long memoryBytes() {
                    return 0;
                }

                @Override
                public int function() {
                    return 0;
                }
            };
        }
    }

    private static final class Rows implements LeaseLog {
        final List<String> lines = new ArrayList<>();

        @Override
        public void ended(EndedLease lease) {
            lines.add(
                    "%d %s n%d %d-%d %d %s"
                            .formatted(
                                    lease.lease(),
                                    lease.user(),
                                    lease.node(),
                                    lease.startMillis(),
                                    lease.endMillis(),
                                    lease.cores(),
                                    lease.reason()));
        }
    }

    /** On one node. */
    private static SimulationResult run(
            JobTable jobs, int cores, FunctionConfig functions, BatchConfig batch, LeaseLog log) {
        SimulationConfig config =
                new SimulationConfig(jobs, ClusterSpec.of(cores, cores))
                        .with(batch)
                        .with(functions);
        return Simulation.run(config, (finished, all) -> {}, log);
    }

    private static Functions functions(SimulationResult result) {
        Functions functions = result.functions();
        assertThat(functions).isNotNull();
        return functions;
    }

    private static Calls calls(SimulationResult result) {
        Calls calls = functions(result).calls();
        assertThat(calls).isNotNull();
        return calls;
    }
}
