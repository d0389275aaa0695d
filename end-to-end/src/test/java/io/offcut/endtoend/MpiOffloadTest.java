package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.slurm.JobState;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An MPI job under Slurm with ranks on two nodes, which offload half of their tasks to the cores
 * that it leaves idle.
 */
final class MpiOffloadTest {
    private static final int CORES_PER_NODE = 4;
    private static final int NODES = 2;
    private static final int RANKS_PER_NODE = 2;
    private static final int RANKS = NODES * RANKS_PER_NODE;
    private static final int TASKS = 40;

    @TempDir Path dir;

    @Test
    void everyRankGetsRightResultsForHalfOfItsTasks() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        assumeTrue(
                CPrograms.onPath("make") && CPrograms.onPath("cc") && CPrograms.onPath("mpicc"),
                "needs Open MPI (Debian: openmpi-bin libopenmpi-dev libpmix2 libpmix-dev)");
        CPrograms programs = new CPrograms(dir);
        programs.make("mpi");
        try (SlurmCluster cluster =
                        SlurmCluster.start(
                                SlurmClusterConfig.fakeNodes(NODES, CORES_PER_NODE, 4_000)
                                        .withOffcutPlugin(Duration.ofSeconds(5)));
                Site site = new Site(dir, "site")) {
            site.startScheduler(
                    "--slurm-conf", cluster.slurmConf().toString(), "--slurm-interval", "1s");
            for (String node : cluster.nodeNames()) {
                site.startNode(node, nodeConfig(cluster, node));
            }
            programs.push(site);
            Path log = dir.resolve("job.log");
            String job =
                    cluster.submit(
                            "-N",
                            String.valueOf(NODES),
                            "-n",
                            String.valueOf(RANKS),
                            "--ntasks-per-node",
                            String.valueOf(RANKS_PER_NODE),
                            "--mem=400",
                            "-o",
                            log.toString(),
                            script(site, programs.example("mpi_offload")).toString());
            await("the MPI job").atMost(Duration.ofMinutes(2)).until(() -> ended(cluster, job));
            String said = Files.readString(log);
            for (String node : cluster.nodeNames()) {
                assertThat(said.lines().filter(("a rank on " + node)::equals))
                        .hasSize(RANKS_PER_NODE);
            }
            assertThat(said)
                    .contains(
                            RANKS
                                    + " ranks, "
                                    + RANKS * TASKS
                                    + " tasks, "
                                    + RANKS * TASKS / 2
                                    + " offloaded, 0 wrong");
            assertThat(cluster.commands().job(job).state().name()).isEqualTo("COMPLETED");
        }
    }

    private static boolean ended(SlurmCluster cluster, String job) {
        // One look: a job may begin between two.
        JobState state = cluster.commands().job(job).state();
        return !state.holdsNodes() && state != JobState.PENDING;
    }

    private static Map<String, Object> nodeConfig(SlurmCluster cluster, String node) {
        int real = Runtime.getRuntime().availableProcessors();
        Map<String, Object> config = new HashMap<>();
        config.put("cpus", "0-" + (CORES_PER_NODE - 1));
        config.put(
                "cpuMap",
                IntStream.range(0, CORES_PER_NODE)
                        .mapToObj(logical -> logical + "=" + logical % real)
                        .collect(Collectors.joining(";")));
        config.put("slurm", "on");
        config.put("slurmConf", cluster.slurmConf().toString());
        config.put("jobSocket", cluster.jobEventSocket(node).toString());
        return config;
    }

    /** Loopback is all the network there is between the nodes of the test cluster. */
    private Path script(Site site, Path program) throws Exception {
        String environment =
                site.environment().entrySet().stream()
                        .map(entry -> "export " + entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining("\n"));
        return Files.writeString(
                dir.resolve("job.sh"),
                """
                #!/bin/bash
                %s
                export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo
                export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
                exec srun --mpi=pmix bash -c 'echo "a rank on $SLURMD_NODENAME"; exec %s %d'
                """
                        .formatted(environment, program, TASKS));
    }
}
