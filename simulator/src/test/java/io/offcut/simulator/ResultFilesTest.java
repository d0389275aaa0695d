package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of results are there whole or not at all. */
class ResultFilesTest {
    private static final ClusterSpec SPEC = ClusterSpec.of(4, 2);

    @TempDir private Path folder;

    @Test
    void aRunThatFailsLeavesNoLeases() {
        try (LeaseWriter leases = new LeaseWriter(folder, SPEC)) {
            leases.ended(new EndedLease(0, "a", 1, 0, 1500, 1, 4096, "released"));
        }

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aRunThatFailsLeavesTheLeasesOfTheOneBefore() throws IOException {
        write(0);
        String before = Files.readString(folder.resolve("leases.csv"));

        try (LeaseWriter leases = new LeaseWriter(folder, SPEC)) {
            leases.ended(new EndedLease(7, "b", 0, 0, 10, 1, 0, "open"));
        }

        assertThat(before)
                .isEqualTo(
                        """
                        lease,user,node,start,end,cores,memory_bytes,reason
                        0,a,n1,0,1.500,1,4096,released
                        """);
        assertThat(folder.resolve("leases.csv")).hasContent(before);
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void theMeanOfADistributionIsThatOfTheJobs() {
        List<long[]> jobs = new ArrayList<>();
        for (int submit = 0; submit < 500; submit++) {
            jobs.add(job(submit, 0, 10 + submit * 37 % 91, 1 + submit % 2, 100));
        }

        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(Tables.of(jobs.toArray(long[][]::new)), SPEC)
                                .with(FunctionConfig.NONE));

        Spreads spreads = Spreads.of(result.schedule());
        assertThat(spreads.boundedSlowdowns().mean())
                .isEqualTo(result.batch().meanBoundedSlowdown())
                .isGreaterThan(2);
        assertThat(spreads.waitSeconds().mean()).isEqualTo(result.batch().meanWaitSeconds());
    }

    @Test
    void leasesNameNodesAsTheClusterDoes() throws IOException {
        try (LeaseWriter leases = new LeaseWriter(folder, SPEC.named(List.of("left", "right")))) {
            leases.ended(new EndedLease(0, "a", 1, 0, 1500, 1, 4096, "released"));
            leases.done();
        }

        assertThat(Files.readString(folder.resolve("leases.csv")))
                .endsWith("0,a,right,0,1.500,1,4096,released\n");
    }

    @Test
    void aRunThatCannotWriteAllLeavesNoSummaryOfTheOneBefore() throws IOException {
        ResultWriter.write(result(10), RunNote.NONE.withScenario("{}"), true, folder);
        assertThat(folder.resolve("scenario.json")).hasContent("{}");
        assertThat(folder.resolve("summary.json")).isNotEmptyFile();
        Files.delete(folder.resolve("utilization.csv"));
        Files.createDirectories(folder.resolve("utilization.csv/taken"));

        assertThatThrownBy(() -> ResultWriter.write(result(20), folder))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));

        assertThat(Files.readString(folder.resolve("jobs.csv"))).contains("1,0,0,20,");
        assertThat(folder.toFile().list()).containsOnly("jobs.csv", "utilization.csv");
    }

    @Test
    void leasesOfOneRunAreNotBesideTheSummaryOfAnother() {
        ResultWriter.write(result(10), RunNote.NONE.withScenario("{}"), true, folder);

        write(0);

        assertThat(folder.toFile().list())
                .containsOnly("jobs.csv", "utilization.csv", "leases.csv");
    }

    @Test
    void twoRunsIntoOneFolderDoNotMixTheirLeases() throws IOException {
        try (LeaseWriter other = new LeaseWriter(folder, SPEC)) {
            other.ended(new EndedLease(5, "b", 0, 0, 10, 1, 0, "open"));
            write(0);
            other.ended(new EndedLease(6, "b", 0, 0, 10, 1, 0, "open"));
            assertThat(Files.readAllLines(folder.resolve("leases.csv"))).hasSize(2);
            other.done();
        }

        assertThat(Files.readAllLines(folder.resolve("leases.csv")))
                .hasSize(3)
                .noneMatch(line -> line.contains(",a,"));
    }

    private static SimulationResult result(int runSeconds) {
        return Simulation.run(
                new SimulationConfig(Tables.of(job(0, 0, runSeconds, 1, runSeconds)), SPEC)
                        .with(FunctionConfig.NONE));
    }

    private void write(long lease) {
        try (LeaseWriter leases = new LeaseWriter(folder, SPEC)) {
            leases.ended(new EndedLease(lease, "a", 1, 0, 1500, 1, 4096, "released"));
            leases.done();
        }
    }
}
