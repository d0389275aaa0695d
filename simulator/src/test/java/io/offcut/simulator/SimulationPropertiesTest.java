package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.RandomArrivals.Service;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.traces.JobTable;
import io.offcut.traces.JobTraceGenerator;
import io.offcut.traces.JobTraceModel;
import io.offcut.traces.SampleTraces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds of every simulation. */
class SimulationPropertiesTest {
    private static final ClusterSpec CLUSTER = ClusterSpec.of(64, 16);
    private static final FunctionConfig FIT =
            FunctionConfig.DEFAULT
                    .with(Interference.NONE, Interference.COMPUTE)
                    .with(new Leases(Place.DEFAULT, 3_000, false, 0, Reclaim.AT_ONCE));
    private static final FunctionConfig POISSON =
            FIT.with(
                    new Load.Open(
                            new RandomArrivals(30, 8, new Service.Exponential(600_000), 3, 0.5),
                            300_000,
                            60_000,
                            1000,
                            1 << 16));

    @ParameterizedTest
    @EnumSource(Allocation.class)
    void coreSecondsAreConserved(Allocation allocation) {
        for (long seed = 1; seed <= 6; seed++) {
            JobTable jobs = generated(seed);
            double work = 0;
            for (int row = 0; row < jobs.size(); row++) {
                work += (double) jobs.procs(row) * jobs.runSeconds(row);
            }
            for (FunctionConfig functions : new FunctionConfig[] {FIT, POISSON}) {
                Cores cores =
                        Simulation.run(
                                        new SimulationConfig(jobs, CLUSTER)
                                                .with(easy(allocation))
                                                .with(functions)
                                                .withSeed(seed))
                                .cores();
                String context = "seed " + seed + ", " + functions.load();
                assertThat(cores.job()).as(context).isEqualTo(work);
                assertThat(cores.capacity()).as(context).isEqualTo(64 * cores.spanSeconds());
                assertThat(cores.job() + cores.idle()).as(context).isEqualTo(cores.capacity());
                assertThat(cores.allocated()).as(context).isGreaterThanOrEqualTo(work);
                assertThat(cores.offered()).as(context).isLessThanOrEqualTo(cores.idle());
                assertThat(cores.leased()).as(context).isLessThanOrEqualTo(cores.offered());
                assertThat(cores.harvested()).as(context).isLessThan(cores.leased()).isPositive();
            }
        }
    }

    @Test
    void oneSeedGivesOneResultToTheByte(@TempDir Path folder) throws IOException {
        SimulationConfig config =
                new SimulationConfig(generated(3), CLUSTER).with(POISSON).withSeed(5);

        ResultWriter.write(Simulation.run(config), folder.resolve("a"));
        ResultWriter.write(Simulation.run(config), folder.resolve("b"));
        ResultWriter.write(Simulation.run(config.withSeed(6)), folder.resolve("c"));

        for (String name : new String[] {"summary.json", "jobs.csv", "utilization.csv"}) {
            assertThat(folder.resolve("a").resolve(name))
                    .isNotEmptyFile()
                    .hasSameBinaryContentAs(folder.resolve("b").resolve(name));
        }
        assertThat(Files.readString(folder.resolve("c/utilization.csv")))
                .isNotEqualTo(Files.readString(folder.resolve("a/utilization.csv")));
        assertThat(folder.resolve("c/jobs.csv"))
                .hasSameBinaryContentAs(folder.resolve("a/jobs.csv"));
    }

    @Test
    void functionsThatDoNotInterfereDoNotMoveJobs() {
        JobTable jobs = generated(4);
        SimulationConfig config = new SimulationConfig(jobs, CLUSTER).with(FIT);
        JobSchedule with = Simulation.run(config).schedule();
        JobSchedule without = Simulation.run(config.with(FunctionConfig.NONE)).schedule();

        for (int job = 0; job < jobs.size(); job++) {
            assertThat(with.startSeconds(job)).isEqualTo(without.startSeconds(job));
        }
    }

    @Test
    void replayOfAScheduleIsThatScheduleAndMoreNodesHarvestMore() {
        JobTable jobs = generated(2);
        SimulationResult easy = Simulation.run(new SimulationConfig(jobs, CLUSTER).with(FIT));
        JobTable recordedJobs = Tables.withWaits(jobs, easy.schedule());
        BatchConfig recorded =
                new BatchConfig(Scheduler.RECORDED, Estimates.USER, Allocation.CORES);

        SimulationResult replay =
                Simulation.run(
                        new SimulationConfig(recordedJobs, CLUSTER).with(recorded).with(FIT));
        SimulationResult larger =
                Simulation.run(
                        new SimulationConfig(recordedJobs, ClusterSpec.of(80, 16))
                                .with(recorded)
                                .with(FIT));

        assertThat(replay.batch().clippedJobs()).isZero();
        assertThat(replay.batch().meanWaitSeconds())
                .isCloseTo(easy.batch().meanWaitSeconds(), within(1e-9));
        assertThat(replay.cores()).isEqualTo(easy.cores());
        assertThat(larger.cores().job()).isEqualTo(replay.cores().job());
        assertThat(larger.cores().harvested()).isGreaterThan(replay.cores().harvested());
    }

    @Test
    void aLongerHoldOffOffersLess() {
        JobTable jobs = generated(5);
        double previous = Double.MAX_VALUE;
        for (long holdOffMillis : new long[] {0, 10_000, 60_000, 600_000}) {
            FunctionConfig functions =
                    FIT.with(new Leases(Place.DEFAULT, holdOffMillis, false, 0, Reclaim.AT_ONCE));
            double offered =
                    Simulation.run(new SimulationConfig(jobs, CLUSTER).with(functions))
                            .cores()
                            .offered();
            assertThat(offered).isLessThan(previous);
            previous = offered;
        }
    }

    @Test
    void writesTheShippedSample(@TempDir Path folder) throws IOException {
        var log = SampleTraces.sample256();
        ClusterSpec cluster = ClusterSpec.fromHeader(log.header(), 0, 0);
        assertThat(cluster).isEqualTo(ClusterSpec.of(256, 16));

        ResultWriter.write(
                Simulation.run(new SimulationConfig(log.jobs(), cluster).with(FIT)), folder);

        assertThat(Files.readString(folder.resolve("summary.json")))
                .contains("\"scheduler\" : \"EASY\"")
                .contains("\"jobs\" : 2000")
                .contains("\"load\" : \"fit\"")
                .contains("\"utilizationWithFunctions\" : 0.99")
                .contains("\"overWholeNodes\"")
                .contains("\"overIdealSharing\"");
        assertThat(Files.readAllLines(folder.resolve("jobs.csv")))
                .hasSize(2_001)
                .startsWith(
                        "job,submit,start,end,procs,backfilled,slowdown", "1,389,389,410,32,0,1");
        assertThat(Files.readAllLines(folder.resolve("utilization.csv")).getFirst())
                .isEqualTo(
                        "second,job_cores,allocated_cores,offered_cores,leased_cores,harvested_cores");
    }

    private static JobTable generated(long seed) {
        return JobTraceGenerator.generate(new JobTraceModel(300, 64, 4, 0.7, 9, 0), seed).jobs();
    }

    private static BatchConfig easy(Allocation allocation) {
        return new BatchConfig(Scheduler.EASY, Estimates.USER, allocation);
    }
}
