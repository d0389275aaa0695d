package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.FunctionConfig.Executors;
import io.offcut.simulator.FunctionConfig.Load;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.FunctionConfig.Transport;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.simulator.SimulationResult.Gains;
import io.offcut.traces.JobTable;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** What functions win, where jobs pay for it, on clusters small enough to count by hand. */
class GainsTest {
    private static final Offset<Double> EXACT = within(1e-12);

    /** Nothing costs time but jobs, which take a quarter longer beside functions. */
    private static final FunctionConfig SLOWING =
            FunctionConfig.DEFAULT
                    .with(new Leases(Place.DEFAULT, 0, false, 0, Reclaim.AT_ONCE))
                    .with(Executors.cold(0))
                    .with(new Transport("none", 0, Long.MAX_VALUE))
                    .with(
                            new Interference(
                                    "*",
                                    List.of(),
                                    List.of(new Interference.Pair("*", "f", 1250, 1000))),
                            "f")
                    .withWorkerMemory(1 << 20);

    private static final ClusterSpec ONE_NODE = ClusterSpec.of(2, 2);
    private static final JobTable ONE_JOB = Tables.of(job(0, 0, 100, 1, 100));

    @Test
    void whatAJobTakesLongerIsHeldAndNotWorkDone() {
        SimulationResult result = run(ONE_JOB, ONE_NODE, Scheduler.EASY, SLOWING);

        // It holds its core for 125 s to do the work of 100; functions have the other core.
        Cores cores = result.cores();
        assertThat(cores.capacity()).isEqualTo(250);
        assertThat(cores.job()).isEqualTo(125);
        assertThat(cores.work()).isEqualTo(100);
        assertThat(cores.harvested()).isEqualTo(125);
        assertThat(cores.utilization()).isEqualTo(0.4);
        assertThat(cores.utilizationWithFunctions()).isEqualTo(0.9);
        // Won are 125 − 25, beside 200 that whole nodes would hold and 100 that the job computes.
        assertThat(gains(result).wholeNodeJobCoreSeconds()).isEqualTo(200);
        assertThat(gains(result).overWholeNodes()).isCloseTo(0.5, EXACT);
        assertThat(gains(result).overIdealSharing()).isCloseTo(1.0, EXACT);
    }

    @Test
    void aRecordedScheduleDoesNotReactButTheJobsPayAllTheSame() {
        SimulationResult result = run(ONE_JOB, ONE_NODE, Scheduler.RECORDED, SLOWING);

        // The record ends it at 100: then it has done the work of 80.
        assertThat(result.cores().job()).isEqualTo(100);
        assertThat(result.cores().work()).isEqualTo(80);
        assertThat(result.cores().harvested()).isEqualTo(100);
        assertThat(result.cores().utilizationWithFunctions()).isEqualTo(0.9);
        assertThat(gains(result).overWholeNodes()).isCloseTo(0.4, EXACT);
        assertThat(gains(result).overIdealSharing()).isCloseTo(0.8, EXACT);
    }

    @Test
    void whatFunctionsTakeLongerBesideJobsIsNoGain() {
        // Beside the job they are half as fast, for the 100 s that it runs; then alone for 50.
        Interference half =
                new Interference(
                        "*", List.of(), List.of(new Interference.Pair("*", "f", 1000, 2000)));
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1), job(150, 0, 0, 1, -1));

        SimulationResult result = run(jobs, ONE_NODE, Scheduler.RECORDED, SLOWING.with(half, "f"));

        assertThat(result.cores().harvested()).isEqualTo(100 + 2 * 50);
        assertThat(gains(result).wonCoreSeconds()).isEqualTo(200 - 50);
        assertThat(gains(result).overWholeNodes()).isCloseTo(150 / 200.0, EXACT);
    }

    @Test
    void workThatJobsHandOverIsNoGain() {
        // Two cores of the job's and two leased do half of its 200 core-seconds each.
        FunctionConfig all =
                SLOWING.with(Interference.NONE, Interference.COMPUTE)
                        .with(new Load.Offload(1000, 1000, 1000));
        SimulationResult result =
                run(Tables.of(job(0, 0, 100, 2, 100)), ClusterSpec.of(4, 4), Scheduler.EASY, all);

        assertThat(result.cores().work()).isEqualTo(100);
        assertThat(result.cores().harvested()).isEqualTo(100);
        assertThat(gains(result).overWholeNodes()).isZero();
        assertThat(gains(result).overIdealSharing()).isZero();
    }

    @Test
    void aJobThatAnOutageEndsIsAsLongAsItRan() {
        ClusterSpec spec =
                ClusterSpec.of(4, 2).with(List.of(new Outage(0, 40, 50, Outage.Kind.LOSE)));
        FunctionConfig quiet = SLOWING.with(Interference.NONE, Interference.COMPUTE);

        SimulationResult result =
                run(
                        Tables.of(job(0, 0, 100, 2, 100), job(0, 0, 60, 2, 60)),
                        spec,
                        Scheduler.EASY,
                        quiet);

        // From 50 on functions have the two cores of the node that came back.
        assertThat(result.cores().job()).isEqualTo(80 + 120);
        assertThat(result.cores().work()).isEqualTo(80 + 120);
        assertThat(result.cores().harvested()).isEqualTo(20);
        assertThat(gains(result).wholeNodeJobCoreSeconds()).isEqualTo(200);
        assertThat(gains(result).overWholeNodes()).isCloseTo(0.1, EXACT);
        assertThat(gains(result).overIdealSharing()).isCloseTo(0.1, EXACT);
    }

    @Test
    void wholeNodesThatTheMachineDoesNotHaveAreTold() {
        // From 50 to 100 three jobs of one core would hold three nodes of the two there are.
        JobTable jobs =
                Tables.of(job(0, 0, 100, 1, -1), job(0, 0, 100, 1, -1), job(50, 0, 50, 1, -1));

        Gains gains =
                gains(run(jobs, ClusterSpec.of(4, 2), Scheduler.RECORDED, FunctionConfig.NONE));

        assertThat(gains.wholeNodeJobCoreSeconds()).isEqualTo(500);
        assertThat(gains.wholeNodeExcessCoreSeconds()).isEqualTo(100);
        assertThat(gains.wholeNodeExcessTimeShare()).isEqualTo(0.5);
    }

    @Test
    void jobsThatHoldWholeNodesAlwaysFit() {
        JobTable jobs =
                Tables.of(job(0, -1, 100, 1, 100), job(0, -1, 100, 3, 100), job(50, -1, 50, 1, 50));
        BatchConfig nodes = new BatchConfig(Scheduler.EASY, Estimates.USER, Allocation.NODES);

        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(jobs, ClusterSpec.of(4, 2))
                                .with(nodes)
                                .with(FunctionConfig.NONE));

        assertThat(gains(result).wholeNodeExcessCoreSeconds()).isZero();
        assertThat(gains(result).wholeNodeExcessTimeShare()).isZero();
        assertThat(gains(result).wholeNodeJobCoreSeconds()).isEqualTo(result.cores().allocated());
    }

    private static SimulationResult run(
            JobTable jobs, ClusterSpec spec, Scheduler scheduler, FunctionConfig functions) {
        BatchConfig batch = new BatchConfig(scheduler, Estimates.USER, Allocation.CORES);
        return Simulation.run(new SimulationConfig(jobs, spec).with(batch).with(functions));
    }

    private static Gains gains(SimulationResult result) {
        Gains gains = result.gains();
        assertThat(gains).isNotNull();
        return gains;
    }
}
