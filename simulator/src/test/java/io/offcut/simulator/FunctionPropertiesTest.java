package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy.Fit;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Pilots;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.RandomArrivals.Service;
import io.offcut.simulator.SimulationResult.Calls;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds of every simulation with functions, whatever they are. */
class FunctionPropertiesTest {
    private static final ClusterSpec CLUSTER = ClusterSpec.of(64, 16);
    private static final FunctionConfig FIT = FunctionConfig.DEFAULT;
    private static final FunctionConfig CALLS =
            FIT.with(
                    new Load.Open(
                            new RandomArrivals(400, 5, new Service.Pareto(2_000, 1.3), 4, 0.8),
                            120_000,
                            20_000,
                            700,
                            1 << 20));
    private static final FunctionConfig OFFLOAD = FIT.with(new Load.Offload(500, 700, 2000));
    private static final FunctionConfig UNDERUSED =
            CALLS.with(new Leases(Place.PACK, 3_000, true, 0, Reclaim.MEASURED))
                    .withMemoryLeases(true);
    private static final FunctionConfig EXPECTING =
            FIT.with(new Leases(Place.DEFAULT, 10_000, false, 0.25, Reclaim.MEASURED));
    private static final FunctionConfig PILOTS =
            FIT.with(new Pilots(Pilots.LENGTHS_MILLIS, 20_000, Fit.PREEMPTED));

    @ParameterizedTest
    @EnumSource(Allocation.class)
    void coreTimeAndCallsAreConserved(Allocation allocation) {
        for (long seed = 1; seed <= 5; seed++) {
            for (Scheduler scheduler :
                    List.of(Scheduler.EASY, Scheduler.FCFS, Scheduler.CONSERVATIVE)) {
                for (FunctionConfig functions :
                        List.of(FIT, CALLS, OFFLOAD, UNDERUSED, EXPECTING, PILOTS)) {
                    BatchConfig batch = new BatchConfig(scheduler, Estimates.USER, allocation);
                    // That no lease shares a core with a job is checked at every instant inside.
                    SimulationResult result =
                            Simulation.run(
                                    new SimulationConfig(generated(seed), CLUSTER)
                                            .with(batch)
                                            .with(functions)
                                            .withSeed(seed));
                    check(result, "seed " + seed + ", " + batch + ", " + functions);
                }
            }
        }
    }

    /** Batch schedulers count seconds: a delay of a millisecond is none to them. */
    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"EASY", "FCFS", "CONSERVATIVE"})
    void jobsStartAsWithoutFunctionsWhereAllTheyCostIsAFraction(Scheduler scheduler) {
        for (long seed = 1; seed <= 5; seed++) {
            SimulationConfig alone =
                    new SimulationConfig(generated(seed), CLUSTER)
                            .with(new BatchConfig(scheduler, Estimates.EXACT, Allocation.CORES));
            SimulationResult beside =
                    Simulation.run(
                            alone.with(
                                    FIT.with(Interference.NONE, Interference.COMPUTE)
                                            .with(
                                                    new Leases(
                                                            Place.DEFAULT,
                                                            0,
                                                            false,
                                                            0,
                                                            Reclaim.MEASURED))));

            assertThat(beside.functions())
                    .as("seed %d", seed)
                    .isNotNull()
                    .extracting(functions -> functions.delays().jobs())
                    .isNotEqualTo(0L);
            assertThat(times(beside))
                    .as("seed %d", seed)
                    .isEqualTo(times(Simulation.run(alone.with(FunctionConfig.NONE))));
        }
    }

    private static List<String> times(SimulationResult result) {
        JobSchedule schedule = result.schedule();
        return IntStream.range(0, schedule.size())
                .mapToObj(job -> schedule.startSeconds(job) + "-" + schedule.endSeconds(job))
                .toList();
    }

    private static void check(SimulationResult result, String context) {
        Cores cores = result.cores();
        assertThat(millis(cores.job()) + millis(cores.idle()))
                .as(context)
                .isEqualTo(millis(cores.capacity()));
        assertThat(cores.leased()).as(context).isLessThanOrEqualTo(cores.offered());
        assertThat(cores.harvested()).as(context).isLessThanOrEqualTo(cores.leased()).isPositive();
        Calls calls = calls(result);
        if (calls != null) {
            assertThat(calls.done() + calls.dropped() + calls.failed() + calls.unfinished())
                    .as(context)
                    .isEqualTo(calls.invocations())
                    .isPositive();
            assertThat(calls.retries() + calls.failed()).as(context).isEqualTo(calls.evictions());
            assertThat(
                            calls.latency().histogram().stream()
                                    .mapToLong(SimulationResult.Bucket::calls)
                                    .sum())
                    .as(context)
                    .isEqualTo(calls.done());
        }
    }

    private static long millis(double seconds) {
        return Math.round(seconds * 1000);
    }

    private static @Nullable Calls calls(SimulationResult result) {
        Functions functions = result.functions();
        assertThat(functions).isNotNull();
        return functions.calls();
    }

    @Test
    void theLeasesThatAreToldOfAreThoseThatAreCounted() {
        for (long seed = 1; seed <= 5; seed++) {
            long[] coreMillis = new long[1];
            SimulationResult result =
                    Simulation.run(
                            new SimulationConfig(generated(seed), CLUSTER)
                                    .with(CALLS)
                                    .withSeed(seed),
                            (finished, jobs) -> {},
                            lease ->
                                    coreMillis[0] +=
                                            (lease.endMillis() - lease.startMillis())
                                                    * lease.cores());
            assertThat(coreMillis[0] / 1000.0)
                    .as("seed " + seed)
                    .isCloseTo(result.cores().leased(), within(1e-6));
        }
    }

    @Test
    void oneMoreIdleNodeNeverLowersTheHarvest() {
        BatchConfig recorded =
                new BatchConfig(Scheduler.RECORDED, Estimates.USER, Allocation.CORES);
        for (long seed = 1; seed <= 10; seed++) {
            JobTable jobs = generated(seed);
            SimulationResult easy =
                    Simulation.run(new SimulationConfig(jobs, CLUSTER).with(FunctionConfig.NONE));
            JobTable waits = Tables.withWaits(jobs, easy.schedule());
            double before = 0;
            for (int nodes = 4; nodes <= 8; nodes++) {
                double harvested =
                        Simulation.run(
                                        new SimulationConfig(waits, ClusterSpec.of(nodes * 16, 16))
                                                .with(recorded)
                                                .with(FIT))
                                .cores()
                                .harvested();
                assertThat(harvested).as("seed " + seed + ", nodes " + nodes).isGreaterThan(before);
                before = harvested;
            }
        }
    }

    @Test
    void whatIsExpectedOfIdlenessDecidesWhereCallsGo() {
        SimulationConfig config = new SimulationConfig(generated(6), CLUSTER);
        Functions blind = Simulation.run(config.with(CALLS)).functions();
        Functions expecting =
                Simulation.run(
                                config.with(
                                        CALLS.with(
                                                new Leases(
                                                        Place.DEFAULT,
                                                        10_000,
                                                        false,
                                                        0.25,
                                                        Reclaim.MEASURED))))
                        .functions();

        assertThat(blind).isNotNull();
        assertThat(expecting).isNotNull();
        assertThat(expecting.calls()).isNotEqualTo(blind.calls());
    }

    @Test
    void morePatienceDropsFewerCalls() {
        long before = Long.MAX_VALUE;
        for (long patienceMillis : new long[] {1_000, 60_000, 600_000}) {
            FunctionConfig patient =
                    FIT.with(
                            new Load.Open(
                                    new RandomArrivals(
                                            2_000, 4, new Service.Exponential(60_000), 1, 0),
                                    patienceMillis,
                                    20_000,
                                    1000,
                                    0));
            Calls calls =
                    calls(
                            Simulation.run(
                                    new SimulationConfig(generated(2), CLUSTER).with(patient)));
            assertThat(calls).isNotNull();
            assertThat(calls.dropped()).isLessThan(before);
            before = calls.dropped();
        }
    }

    @Test
    void oneSeedGivesTheSameLeasesToTheByte(@TempDir Path folder) throws IOException {
        for (String name : new String[] {"a", "b"}) {
            try (LeaseWriter leases = new LeaseWriter(folder.resolve(name), CLUSTER)) {
                Simulation.run(
                        new SimulationConfig(generated(3), CLUSTER).with(CALLS).withSeed(9),
                        (finished, jobs) -> {},
                        leases);
                leases.done();
            }
        }

        Path written = folder.resolve("a/leases.csv");
        assertThat(written).hasSameBinaryContentAs(folder.resolve("b/leases.csv"));
        assertThat(Files.readAllLines(written).getFirst())
                .isEqualTo("lease,user,node,start,end,cores,memory_bytes,reason");
        assertThat(Files.readString(written)).contains(",released\n").contains(",reclaimed\n");
    }

    private static JobTable generated(long seed) {
        return JobTraceGenerator.generate(new JobTraceModel(300, 64, 4, 0.7, 9, 0), seed).jobs();
    }
}
