package io.offcut.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.simulator.BatchConfig.Allocation;
import io.offcut.simulator.BatchConfig.Estimates;
import io.offcut.simulator.BatchConfig.Scheduler;
import io.offcut.simulator.FunctionConfig.Executors;
import io.offcut.simulator.FunctionConfig.Policy.Leases;
import io.offcut.simulator.FunctionConfig.Policy.Place;
import io.offcut.simulator.FunctionConfig.Policy.Reclaim;
import io.offcut.testing.SharedData;
import io.offcut.traces.JobLogs;
import io.offcut.traces.JobTable;
import io.offcut.traces.LogMerge;
import io.offcut.traces.SwfLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs of a recorded schedule on the nodes that the log names. */
class RecordedPlacesTest {
    private static final long GIB = 1L << 30;

    /** Of two, four and two cores. */
    private static final ClusterSpec SPEC =
            new ClusterSpec(
                    List.of(
                            new NodeClass("a", 1, 2, GIB),
                            new NodeClass("b", 1, 4, GIB),
                            new NodeClass("c", 1, 2, GIB)),
                    List.of(),
                    List.of("a", "b", "c"));

    /** All that is idle is leased at once. */
    private static final FunctionConfig STANDING =
            FunctionConfig.DEFAULT
                    .with(new Leases(Place.DEFAULT, 0, false, 0, Reclaim.AT_ONCE))
                    .with(Executors.cold(0))
                    .with(Interference.NONE, Interference.COMPUTE)
                    .withWorkerMemory(1 << 20);

    @TempDir private Path folder;

    @Test
    void jobsAreOnTheNodesThatTheLogNames() throws IOException {
        JobTable jobs = log("1|00:00|00:01:40|2|c", "2|00:00|00:01:40|3|a,b");

        // Two of the three cores on a, the third on b: c is full, and b has three cores left.
        assertThat(leases(jobs, SPEC))
                .filteredOn(lease -> lease.contains(",0,100,"))
                .containsExactly("3,functions,b,0,100,3,3145728,open");
    }

    @Test
    void jobsThatExceedANodeAreCountedAndGetOthers() {
        SimulationResult result =
                run(log("1|00:00|00:01:40|2|c", "2|00:00|00:01:40|2|c"), SPEC, Allocation.CORES);

        assertThat(result.batch().placedAsRecorded()).isEqualTo(2);
        assertThat(result.batch().movedJobs()).isEqualTo(1);
        assertThat(result.batch().clippedJobs()).isZero();
        assertThat(result.cores().job()).isEqualTo(400);
    }

    @Test
    void jobsOfMergedLogsAreOnTheNodesThatTheirLogsName() {
        SwfLog one = wholeLog("1|00:00|00:01:40|2|c");
        SwfLog other = wholeLog("2|00:00|00:01:40|2|a", "3|00:00|00:01:40|2|c");

        SimulationResult result =
                run(LogMerge.of(List.of(one, other)).jobs(), SPEC, Allocation.CORES);

        assertThat(result.batch().placedAsRecorded()).isEqualTo(3);
        assertThat(result.batch().movedJobs()).isEqualTo(1);
    }

    @Test
    void aNodeThatTheClusterHasNotLeavesTheJobToTheSimulator() {
        SimulationResult result =
                run(log("1|00:00|00:01:40|2|c", "2|00:00|00:01:40|2|x"), SPEC, Allocation.CORES);

        assertThat(result.batch().placedAsRecorded()).isEqualTo(1);
        assertThat(result.batch().movedJobs()).isZero();
        assertThat(result.cores().job()).isEqualTo(400);
    }

    @Test
    void wholeNodesOfSeveralSizesAreHeldAsRecorded() {
        SimulationResult result =
                run(log("1|00:00|00:01:40|1|b", "2|00:00|00:01:40|1|a"), SPEC, Allocation.NODES);

        assertThat(result.cores().job()).isEqualTo(200);
        assertThat(result.cores().allocated()).isEqualTo(100 * (4 + 2));
    }

    @Test
    void aSchedulerThatDecidesForItselfPlacesToo() {
        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(log("1|00:00|00:01:40|2|c"), SPEC)
                                .with(FunctionConfig.NONE));

        assertThat(result.batch().placedAsRecorded()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "jobs/mason_2017-10_12_torque_acct.anon.gz, 32, 0",
        "jobs/ubccr-slurm-sim/sacct-samples/sacct_simple.log, 64, 0",
    })
    void realLogsAreOnTheirNodes(String file, int coresPerNode, int movedJobs) {
        JobTable jobs = JobLogs.read(SharedData.require(file)).jobs();
        List<String> names = jobs.placements().nodes();
        ClusterSpec spec = ClusterSpec.of(names.size() * coresPerNode, coresPerNode).named(names);

        SimulationResult result = run(jobs, spec, Allocation.CORES);

        // A job of no length is on no node.
        JobSchedule schedule = result.schedule();
        long placed =
                IntStream.range(0, schedule.size())
                        .filter(at -> schedule.endSeconds(at) > schedule.startSeconds(at))
                        .count();
        assertThat(result.batch().placedAsRecorded()).isEqualTo((int) placed);
        assertThat(result.batch().movedJobs()).isEqualTo(movedJobs);
        assertThat(result.batch().clippedJobs()).isZero();
    }

    private List<String> leases(JobTable jobs, ClusterSpec spec) throws IOException {
        SimulationConfig config =
                new SimulationConfig(jobs, spec).with(recorded(Allocation.CORES)).with(STANDING);
        try (LeaseWriter leases = new LeaseWriter(folder, spec)) {
            Simulation.run(config, (finished, all) -> {}, leases);
            leases.done();
        }
        List<String> lines = Files.readAllLines(folder.resolve("leases.csv"));
        return lines.subList(1, lines.size());
    }

    private static SimulationResult run(JobTable jobs, ClusterSpec spec, Allocation allocation) {
        return Simulation.run(
                new SimulationConfig(jobs, spec)
                        .with(recorded(allocation))
                        .with(FunctionConfig.NONE));
    }

    private static BatchConfig recorded(Allocation allocation) {
        return new BatchConfig(Scheduler.RECORDED, Estimates.USER, allocation);
    }

    /** Of lines {@code job|start|elapsed|cores|nodes}. */
    private JobTable log(String... lines) {
        return wholeLog(lines).jobs();
    }

    private SwfLog wholeLog(String... lines) {
        StringBuilder text =
                new StringBuilder("JobIDRaw|Submit|Start|Elapsed|AllocCPUS|NodeList|State\n");
        for (String line : lines) {
            String[] cells = line.split("\\|", -1);
            String start = "2021-10-05T11:" + cells[1];
            text.append(String.join("|", cells[0], start, start, cells[2], cells[3], cells[4]));
            text.append("|COMPLETED\n");
        }
        try {
            return JobLogs.read(Files.writeString(folder.resolve("log.txt"), text));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
