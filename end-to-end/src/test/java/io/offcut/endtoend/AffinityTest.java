package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.offcut.core.CpuSet;
import io.offcut.linux.CpuAffinity;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On a Slurm node with the machine's real CPUs: what the kernel says of where executors may run,
 * not what we meant.
 */
final class AffinityTest {
    private static final int FILES = 40;

    @TempDir Path dir;

    @Test
    void executorsArePinnedOutsideTheCoresOfAJob() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        assumeTrue(
                CpuAffinity.online().size() >= 2,
                "needs two CPUs: one for the job, one for functions");
        try (SlurmCluster cluster =
                        SlurmCluster.start(
                                SlurmClusterConfig.realNodes(1, 4_000)
                                        .withOffcutPlugin(Duration.ofSeconds(5)));
                Site site = new Site(dir, "site")) {
            assumeTrue(
                    cluster.usesCgroups(), "needs cgroup v1 as root, so that Slurm pins the job");
            String node = cluster.nodeNames().getFirst();
            site.startScheduler(
                    "--slurm-conf", cluster.slurmConf().toString(), "--slurm-interval", "1s");
            site.startNode(
                    node,
                    Map.of(
                            "slurm", "on",
                            "slurmConf", cluster.slurmConf().toString(),
                            "jobSocket", cluster.jobEventSocket(node).toString()));
            Path jobsCpus = dir.resolve("cpus-of-the-job");
            cluster.submit(
                    "-n",
                    "1",
                    "--mem=200",
                    "-o",
                    "/dev/null",
                    "--wrap",
                    "grep Cpus_allowed_list /proc/self/status | cut -f 2 > "
                            + jobsCpus
                            + "; sleep 300");
            await("the job")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> Files.exists(jobsCpus) && Files.size(jobsCpus) > 0);
            CpuSet held = CpuSet.parse(Files.readString(jobsCpus));
            assertThat(held.size())
                    .as("Slurm pins the job")
                    .isLessThan(CpuAffinity.online().size());

            Path bundle = TestBundle.write(dir.resolve("bundle"));
            assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
            Path input = Files.writeString(dir.resolve("input"), lines());
            Path out = dir.resolve("out");
            try (Site.Run run =
                    site.start(
                            "map",
                            "--lines",
                            "--function",
                            "text/slow-upper",
                            "--workers",
                            "2",
                            "--out",
                            out.toString(),
                            input.toString())) {
                int looks = 0;
                while (run.process().isAlive()) {
                    looks += assertPinnedOutside(site, node, held);
                }
                assertThat(run.outcome(Duration.ofMinutes(1)).exitCode()).isZero();
                assertThat(looks).as("executors looked at while they ran").isPositive();
            }
        }
    }

    private static int assertPinnedOutside(Site site, String node, CpuSet held) throws Exception {
        int looks = 0;
        for (JsonNode lease : Site.nodeStatus(site.daemon(node)).path("leases")) {
            // Before it serves, its first process is on its way into its group and onto its cores.
            if (!lease.path("phase").asText().equals("RUNNING")) {
                continue;
            }
            long pid = lease.path("pid").asLong();
            List<ProcessHandle> family =
                    ProcessHandle.of(pid)
                            .map(executor ->
                                    Stream.concat(Stream.of(executor), executor.descendants())
                                            .toList())
                            .orElse(List.of());
            for (ProcessHandle member : family) {
                CpuSet allowed = CpuAffinity.ofProcess(member.pid());
                assertThat(allowed.intersects(held))
                        .as(
                                "process %s of %s may run on %s, the job holds %s",
                                member.pid(), lease, allowed, held)
                        .isFalse();
                looks += allowed.isEmpty() ? 0 : 1;
            }
        }
        return looks;
    }

    private static String lines() {
        return IntStream.range(0, FILES)
                .mapToObj(i -> "line " + i)
                .collect(Collectors.joining("\n", "", "\n"));
    }
}
