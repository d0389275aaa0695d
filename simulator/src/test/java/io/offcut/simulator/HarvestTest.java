package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.FunctionConfig.Executors;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.simulator.SimulationResult.Cores;
import io.offcut.simulator.SimulationResult.Functions;
import io.offcut.simulator.SimulationResult.Gains;
import io.offcut.traces.JobTable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** The scheduling core on virtual time, on clusters small enough to count by hand. */
class HarvestTest {
    private static final Offset<Double> EXACT = within(1e-9);

    /** 10 s of hold-off, 1 s of start-up. */
    private static final FunctionConfig STANDING = standing(10_000, 1_000, 1 << 20, false);

    /** Two nodes of two cores: three cores busy from 100 to 200, all four from 300 to 350. */
    private static final JobTable TWO_JOBS =
            Tables.of(job(100, 0, 100, 3, -1), job(300, 0, 50, 4, -1));

    @Test
    void harvestsWhatTwoJobsLeaveIdle() {
        SimulationResult result = run(TWO_JOBS, Allocation.CORES, STANDING);

        // Idle are one core from 100 to 300 and three from 200 to 300. The one is offered, and
        // leased, from 110; the three from 210, two of them on the other node. At 300 all end.
        Cores cores = result.cores();
        assertThat(cores.spanSeconds()).isEqualTo(250);
        assertThat(cores.capacity()).isEqualTo(1000);
        assertThat(cores.job()).isEqualTo(500);
        assertThat(cores.allocated()).isEqualTo(500);
        assertThat(cores.idle()).isEqualTo(500);
        assertThat(cores.offered()).isEqualTo(190 + 3 * 90);
        assertThat(cores.leased()).isEqualTo(190 + 3 * 90);
        assertThat(cores.harvested()).isEqualTo(189 + 3 * 89);
        assertThat(cores.utilization()).isCloseTo(0.5, EXACT);
        assertThat(cores.utilizationWithFunctions()).isCloseTo(0.956, EXACT);
        Functions functions = functions(result);
        assertThat(functions.requests()).isEqualTo(1);
        assertThat(functions.leases()).isEqualTo(3);
        assertThat(functions.reclaims()).isEqualTo(3);
        assertThat(functions.meanLeaseSeconds()).isCloseTo((190 + 90 + 90) / 3.0, EXACT);
        assertThat(functions.harvestedShareOfIdle()).isCloseTo(456 / 500.0, EXACT);
        assertThat(gains(result).wholeNodeJobCoreSeconds()).isEqualTo(600);
        assertThat(gains(result).overWholeNodes()).isCloseTo(456 / 600.0, EXACT);
        assertThat(gains(result).overIdealSharing()).isCloseTo(956 / 500.0 - 1, EXACT);
    }

    @Test
    void countsEachChangeOfStateOnceWhoeverCausedIt() {
        // Each job is submitted, starts and ends.
        assertThat(run(TWO_JOBS, Allocation.CORES, FunctionConfig.NONE).events()).isEqualTo(6);
        // And one request; a node offers a core at 110 and the memory of the first job at 200,
        // both nodes two cores at 210 and none from 300; three leases begin and end.
        assertThat(run(TWO_JOBS, Allocation.CORES, STANDING).events()).isEqualTo(6 + 1 + 6 + 6);
    }

    @Test
    void coresThatAWholeNodeJobHoldsForNothingAreNotOffered() {
        SimulationResult result = run(TWO_JOBS, Allocation.NODES, STANDING);

        // All four are held from 100 to 200, and free until 300.
        assertThat(result.cores().job()).isEqualTo(500);
        assertThat(result.cores().allocated()).isEqualTo(600);
        assertThat(result.cores().idle()).isEqualTo(500);
        assertThat(result.cores().offered()).isEqualTo(4 * 90);
        assertThat(result.cores().harvested()).isEqualTo(4 * 89);
        assertThat(gains(result).overWholeNodes()).isCloseTo(356 / 600.0, EXACT);
        assertThat(gains(result).overIdealSharing()).isCloseTo(856 / 600.0 - 1, EXACT);
    }

    @Test
    void coresThatAWholeNodeJobHoldsForNothingAreOfferedOnDemandAndTheResultSaysSo() {
        FunctionConfig underused = standing(10_000, 1_000, 1 << 20, true);

        SimulationResult result = run(TWO_JOBS, Allocation.NODES, underused);

        assertThat(result.cores().allocated()).isEqualTo(600);
        assertThat(result.cores().harvested()).isEqualTo(456);
        assertThat(ResultWriter.summaryJson(result)).contains("\"offerUnderused\" : true");
        assertThat(gains(result).overWholeNodes()).isCloseTo(456 / 600.0, EXACT);
        assertThat(gains(result).overIdealSharing()).isCloseTo(956 / 600.0 - 1, EXACT);
    }

    @Test
    void rowsOfTheUtilizationAddUp() {
        SimulationConfig config = config(TWO_JOBS, Allocation.CORES, STANDING);
        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(
                                config.jobs(),
                                config.cluster(),
                                config.batch(),
                                config.functions(),
                                1,
                                100));

        assertThat(result.utilization())
                .containsExactly(
                        new SimulationResult.UtilizationRow(100, 3, 3, 0.9, 0.9, 0.89),
                        new SimulationResult.UtilizationRow(200, 0, 0, 3.7, 3.7, 3.67),
                        new SimulationResult.UtilizationRow(300, 4, 4, 0, 0, 0));
    }

    @Test
    void idlenessShorterThanTheHoldOffIsNotOffered() {
        JobTable jobs = Tables.of(job(0, 0, 50, 4, -1), job(59, 0, 50, 4, -1));

        assertThat(run(jobs, Allocation.CORES, STANDING).cores().offered()).isZero();
        JobTable later = Tables.of(job(0, 0, 50, 4, -1), job(61, 0, 50, 4, -1));
        assertThat(run(later, Allocation.CORES, STANDING).cores().offered()).isEqualTo(4);
    }

    @Test
    void jobsTakeMemoryFromFunctions() {
        // A worker needs more memory than the job leaves of its node, and as much as the other has.
        JobTable jobs = Tables.of(job(0, 0, 100, 1, -1));
        long nodeMemory = ClusterSpec.of(4, 2).memoryBytesPerNode();
        FunctionConfig large = standing(0, 0, nodeMemory, false);

        SimulationResult result = run(jobs, Allocation.CORES, large);

        assertThat(result.cores().offered()).isEqualTo(300);
        assertThat(result.cores().leased()).isEqualTo(100);
    }

    @Test
    void withoutFunctionsNothingIsOffered() {
        SimulationResult result = run(TWO_JOBS, Allocation.CORES, FunctionConfig.NONE);

        assertThat(result.functions()).isNull();
        assertThat(result.cores().offered()).isZero();
        assertThat(result.cores().idle()).isEqualTo(500);
    }

    @Test
    void wholeNodesNeedEqualNodes() {
        SimulationConfig config =
                new SimulationConfig(TWO_JOBS, ClusterSpec.of(5, 2))
                        .with(recorded(Allocation.NODES));

        assertThatThrownBy(() -> Simulation.run(config))
                .isInstanceOfSatisfying(
                        OffcutException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.USAGE))
                .hasMessageContaining("5 cores");
    }

    private static FunctionConfig standing(
            long holdOffMillis, long startMillis, long workerBytes, boolean underused) {
        return FunctionConfig.DEFAULT
                .with(new Leases(Place.DEFAULT, holdOffMillis, underused, 0, Reclaim.AT_ONCE))
                .with(Executors.cold(startMillis))
                .with(Interference.NONE, Interference.COMPUTE)
                .withWorkerMemory(workerBytes);
    }

    private static SimulationResult run(
            JobTable jobs, Allocation allocation, FunctionConfig functions) {
        return Simulation.run(config(jobs, allocation, functions));
    }

    private static SimulationConfig config(
            JobTable jobs, Allocation allocation, FunctionConfig functions) {
        return new SimulationConfig(jobs, ClusterSpec.of(4, 2))
                .with(recorded(allocation))
                .with(functions);
    }

    private static BatchConfig recorded(Allocation allocation) {
        return new BatchConfig(Scheduler.RECORDED, Estimates.USER, allocation);
    }

    private static Functions functions(SimulationResult result) {
        Functions functions = result.functions();
        assertThat(functions).isNotNull();
        return functions;
    }

    private static Gains gains(SimulationResult result) {
        Gains gains = result.gains();
        assertThat(gains).isNotNull();
        return gains;
    }
}
