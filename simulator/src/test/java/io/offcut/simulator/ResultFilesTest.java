package io.offcut.simulator;

import static io.offcut.simulator.Tables.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
            leases.ended(0, "a", 1, 0, 1500, 1, 4096, "released");
        }

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aRunThatFailsLeavesTheLeasesOfTheOneBefore() throws IOException {
        write(0);
        String before = Files.readString(folder.resolve("leases.csv"));

        try (LeaseWriter leases = new LeaseWriter(folder, SPEC)) {
            leases.ended(7, "b", 0, 0, 10, 1, 0, "open");
        }

        assertThat(before).endsWith("0,a,n1,0,1.500,1,4096,released\n");
        assertThat(folder.resolve("leases.csv")).hasContent(before);
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void leasesNameNodesAsTheClusterDoes() throws IOException {
        try (LeaseWriter leases = new LeaseWriter(folder, SPEC.named(List.of("left", "right")))) {
            leases.ended(0, "a", 1, 0, 1500, 1, 4096, "released");
            leases.done();
        }

        assertThat(Files.readString(folder.resolve("leases.csv")))
                .endsWith("0,a,right,0,1.500,1,4096,released\n");
    }

    @Test
    void aFileThatCannotBeFinishedIsNotThere() throws IOException {
        Files.createDirectories(folder.resolve("utilization.csv.part/taken"));
        SimulationResult result =
                Simulation.run(
                        new SimulationConfig(Tables.of(job(0, 0, 10, 1, 10)), SPEC)
                                .with(FunctionConfig.NONE));

        assertThatThrownBy(() -> ResultWriter.write(result, folder))
                .isInstanceOfSatisfying(
                        OffcutException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.EXHAUSTED));

        assertThat(folder.resolve("jobs.csv")).isNotEmptyFile();
        assertThat(folder.resolve("utilization.csv")).doesNotExist();
        assertThat(folder.resolve("summary.json")).doesNotExist();
    }

    private void write(long lease) {
        try (LeaseWriter leases = new LeaseWriter(folder, SPEC)) {
            leases.ended(lease, "a", 1, 0, 1500, 1, 4096, "released");
            leases.done();
        }
    }
}
