package io.offcut.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.client.ClientConfig;
import io.offcut.client.LeaseOptions;
import io.offcut.client.OffcutClient;
import io.offcut.client.WorkerPool;
import io.offcut.linux.CpuAffinity;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hundreds of short jobs come and go on one node of two real CPUs, some with one of them and some
 * with both, while functions run on what they leave.
 */
final class SlurmStormTest {
    /** How many of one core and of both; {@code -Doffcut.stormJobs} for another number in all. */
    private static final int JOBS = Integer.getInteger("offcut.stormJobs", 500);

    private static final int WIDE_JOBS = JOBS / 5;
    private static final int NARROW_JOBS = JOBS - WIDE_JOBS;

    @TempDir Path dir;

    @Test
    void noCoreIsForBothNoJobFailsAndNoCallIsLost() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: " + SlurmCluster.aptPackages());
        assumeTrue(CpuAffinity.online().size() >= 2, "needs two CPUs");
        try (SlurmCluster cluster =
                        SlurmCluster.start(
                                SlurmClusterConfig.realNodes(1, 4_000)
                                        .withOffcutPlugin(Duration.ofSeconds(5)));
                Site site = new Site(dir, "site")) {
            assumeTrue(
                    cluster.usesCgroups(), "needs cgroup v1 as root: it pins jobs and functions");
            String node = cluster.nodeNames().getFirst();
            site.startScheduler();
            site.startNode(
                    node,
                    Map.of(
                            "slurm", "on",
                            "slurmConf", cluster.slurmConf().toString(),
                            "jobSocket", cluster.jobEventSocket(node).toString()));
            Path bundle = TestBundle.write(dir.resolve("bundle"));
            assertThat(site.offcut("function", "push", bundle.toString()).exitCode()).isZero();
            ClientConfig config =
                    ClientConfig.defaults()
                            .withSchedulerUrl(site.daemon("scheduler").uri().toString())
                            .withUser("storm");
            try (CoreWatch watch = new CoreWatch(node);
                    OffcutClient client = OffcutClient.connect(config);
                    WorkerPool pool = client.lease(LeaseOptions.of("text/upper").workers(2))) {
                SteadyCalls calls = new SteadyCalls("upper", 64, List.of(pool));
                try {
                    storm(cluster);
                } finally {
                    calls.stop();
                }
                calls.checkAll();
                assertThat(watch.shared()).isEmpty();
                assertThat(watch.bothSeen())
                        .as("looks at jobs beside functions")
                        .isGreaterThan(JOBS / 5);
            }
            assertThat(site.daemon(node).log()).doesNotContain("a defect", "does not stand still");
        }
    }

    private static void storm(SlurmCluster cluster) throws IOException {
        submit(cluster, 1, NARROW_JOBS);
        submit(cluster, 2, WIDE_JOBS);
        Path record = cluster.directory().resolve("log/jobcomp.log");
        await("the end of all jobs")
                .atMost(Duration.ofMinutes(8))
                .pollInterval(Duration.ofMillis(500))
                .until(() ->
                        Files.exists(record)
                                && Files.readAllLines(record).size() >= NARROW_JOBS + WIDE_JOBS);
        assertThat(Files.readAllLines(record))
                .hasSize(NARROW_JOBS + WIDE_JOBS)
                .allMatch(line -> line.contains("JobState=COMPLETED"));
    }

    /** One after the other of this kind. */
    private static void submit(SlurmCluster cluster, int tasks, int jobs) {
        cluster.submit(
                "-n" + tasks,
                "--mem=100",
                "-o/dev/null",
                "-a1-" + jobs + "%1",
                "--wrap",
                // Long enough to be looked at.
                "sleep 0.05");
    }
}
