package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.SimulationResult.Harvestable;
import io.offcut.traces.JobTable;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Memory that could be won, node by node. */
class HarvestableMemoryTest {
    private static final long GIB = 1L << 30;
    private static final long GIB_IN_KIB = 1L << 20;

    /** Two nodes of two cores and 8 GiB. */
    private static final ClusterSpec TWO_NODES = new ClusterSpec(4, 2, 8 * GIB);

    @Test
    void whatOneNodeLacksIsNotTakenFromAnother() {
        // Two jobs that ask for 6 GiB each share the first node: it has none left, the other all.
        JobTable jobs =
                Tables.of(
                        job(0, 0, 100, 1, -1, 6 * GIB_IN_KIB),
                        job(0, 0, 100, 1, -1, 6 * GIB_IN_KIB));

        Harvestable unallocated = unallocated(jobs, TWO_NODES, Allocation.CORES);

        assertThat(unallocated.memoryByteSeconds()).isEqualTo(100.0 * 8 * GIB);
        assertThat(unallocated.memoryShare()).isEqualTo(0.5);
    }

    @Test
    void ofEachNodeIsFreeWhatItsOwnJobsLeave() {
        // 1 GiB for each of three cores: 6 GiB are left beside two, 7 beside the third.
        JobTable jobs = Tables.of(job(0, 0, 100, 3, -1, GIB_IN_KIB));

        assertThat(unallocated(jobs, TWO_NODES, Allocation.CORES).memoryByteSeconds())
                .isEqualTo(100.0 * 13 * GIB);
        assertThat(unallocated(jobs, TWO_NODES, Allocation.NODES).memoryByteSeconds()).isZero();
    }

    @Test
    void aSmallNodeHasNoMoreThanItsOwn() {
        // The job has both nodes. Of the small one it holds all, of the large one 8 of 16 GiB.
        ClusterSpec spec =
                new ClusterSpec(
                        List.of(
                                new NodeClass("small", 1, 2, 4 * GIB),
                                new NodeClass("large", 1, 2, 16 * GIB)),
                        List.of());
        JobTable jobs = Tables.of(job(0, 0, 100, 4, -1, 4 * GIB_IN_KIB));

        Harvestable unallocated = unallocated(jobs, spec, Allocation.CORES);

        assertThat(unallocated.memoryByteSeconds()).isEqualTo(100.0 * 8 * GIB);
        assertThat(unallocated.memoryShare()).isEqualTo(0.4);
    }

    @Test
    void whatIsNotResidentCouldBeWonOfJobsThatWereMeasured() {
        // One core with the share of 4 GiB, of which 1 GiB was resident.
        JobTable jobs = Tables.measured(job(0, 0, 100, 1, -1), -1, GIB_IN_KIB);

        List<Harvestable> all = harvestable(jobs, TWO_NODES, Allocation.CORES);

        assertThat(all.get(1).memoryByteSeconds()).isEqualTo(100.0 * 12 * GIB);
        assertThat(all.get(2).memoryByteSeconds()).isEqualTo(100.0 * 15 * GIB);
    }

    @Test
    void aNodeThatIsDownHasNoMemoryToWin() {
        Outage outage = new Outage(1, 20, 60, Outage.Kind.DRAIN);
        JobTable silent = Tables.of(job(0, -1, 100, 1, 100));
        JobTable asking = Tables.of(job(0, -1, 100, 1, 100, 4 * GIB_IN_KIB));

        for (JobTable jobs : List.of(silent, asking)) {
            SimulationResult result =
                    Simulation.run(
                            new SimulationConfig(jobs, TWO_NODES.with(List.of(outage)))
                                    .with(FunctionConfig.NONE));

            assertThat(result.harvestable().get(1).memoryByteSeconds())
                    .isEqualTo((100.0 * 12 - 40 * 8) * GIB);
        }
    }

    @Test
    void functionsGetThePiecesThatFitOfTheMemoryThereIsToWin() {
        // Asked for: 6 GiB are left beside two cores, 7 beside the third, whose neighbour is idle.
        JobTable asking = Tables.of(job(0, 0, 100, 3, -1, GIB_IN_KIB));
        // Not asked for: the share of three cores is theirs, so that 4 GiB are left of one node.
        JobTable measured = Tables.measured(job(0, 0, 100, 3, -1), -1, GIB_IN_KIB);
        FunctionConfig all =
                FunctionConfig.DEFAULT
                        .with(
                                new FunctionConfig.Policy.Leases(
                                        FunctionConfig.Policy.Place.DEFAULT,
                                        0,
                                        false,
                                        0,
                                        FunctionConfig.Policy.Reclaim.AT_ONCE))
                        .withMemoryLeases(true)
                        .withWorkerMemory(5 * GIB / 2);

        SimulationResult.Memory ofAsking = memory(asking, all);
        SimulationResult.Memory ofMeasured = memory(measured, all);

        assertThat(ofAsking.leasedByteSeconds()).isEqualTo(100 * 2.5 * GIB);
        assertThat(ofAsking.memoryOnlyByteSeconds()).isEqualTo(100 * 5.0 * GIB);
        assertThat(ofMeasured.leasedByteSeconds()).isEqualTo(100 * 2.5 * GIB);
        assertThat(ofMeasured.memoryOnlyByteSeconds()).isZero();
    }

    private static SimulationResult.Memory memory(JobTable jobs, FunctionConfig functions) {
        SimulationResult.Functions result =
                Simulation.run(config(jobs, TWO_NODES, Allocation.CORES).with(functions))
                        .functions();
        assertThat(result).isNotNull();
        return result.memory();
    }

    private static Harvestable unallocated(JobTable jobs, ClusterSpec spec, Allocation allocation) {
        return harvestable(jobs, spec, allocation).get(1);
    }

    private static List<Harvestable> harvestable(
            JobTable jobs, ClusterSpec spec, Allocation allocation) {
        return Simulation.run(config(jobs, spec, allocation).with(FunctionConfig.NONE))
                .harvestable();
    }

    private static SimulationConfig config(JobTable jobs, ClusterSpec spec, Allocation allocation) {
        return new SimulationConfig(jobs, spec)
                .with(new BatchConfig(Scheduler.RECORDED, Estimates.USER, allocation));
    }
}
