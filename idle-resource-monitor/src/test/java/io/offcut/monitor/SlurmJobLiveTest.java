package io.offcut.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.Offer;
import io.offcut.core.SharePolicy;
import io.offcut.monitor.Allocations.JobShare;
import io.offcut.monitor.Allocations.JobUse;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real job that idles on two of its CPUs, and then uses them. */
final class SlurmJobLiveTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long MIB = 1 << 20;
    private static final CpuSet CPUS = CpuSet.of(0, 1);

    @TempDir private Path folder;

    /** Load never makes a CPU busy, so that only the job's own control group tells. */
    private final IdleEstimator estimator =
            new IdleEstimator(
                    MonitorConfig.defaults()
                            .withReserve(0, 0, 0)
                            .withIdleness(1, 3)
                            .withUnderused(true, new MonitorConfig.Underused(3, 1, 64 * MIB, 1)));

    private static NodeSampler sampler(String node, String job) {
        JobShare share =
                new JobShare(
                        job,
                        CPUS,
                        1000 * MIB,
                        Offer.UNKNOWN_UNTIL,
                        SharePolicy.SHARED,
                        JobUse.UNKNOWN);
        Allocations record = new Allocations.Known(2000 * MIB, List.of(share));
        return new NodeSampler(NodeSampler.Sources.live(node, List::of, () -> record));
    }

    @Test
    void whatARealJobLeavesIdleIsOfferedAndTakenBack() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                "needs Slurm: " + SlurmCluster.missingPrograms());
        assumeTrue(Runtime.getRuntime().availableProcessors() >= 2, "needs two CPUs");
        assumeTrue(
                Files.isWritable(Path.of("/sys/fs/cgroup")),
                "needs root: jobs have no control groups");
        Path go = folder.resolve("go");
        try (SlurmCluster cluster = SlurmCluster.start(SlurmClusterConfig.realNodes(1, 2000))) {
            String spin = "(while :; do :; done) & ";
            String job =
                    cluster.submit(
                            "-n1",
                            "-c2",
                            "--mem=1000",
                            "--wrap",
                            "until [ -e "
                                    + go
                                    + " ]; do sleep 0.1; done; "
                                    + spin.repeat(8)
                                    + "wait");
            NodeSampler sampler = sampler(cluster.nodeNames().getFirst(), job);
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(200))
                    .untilAsserted(() -> {
                        Offer offer = offerOf(job, sampler);
                        assertThat(offer.cores()).isEqualTo(CPUS);
                        assertThat(offer.reason()).isEqualTo(Offer.Reason.UNDERUSED);
                        assertThat(offer.memoryBytes()).isBetween(500 * MIB, 936 * MIB);
                    });
            Files.createFile(go);
            await().atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> offerOf(job, sampler).cores().size() < 2);
            cluster.run("scancel", job);
        }
    }

    private Offer offerOf(String job, NodeSampler sampler) {
        String id = IdleEstimator.underusedId(job);
        return estimator.update(sampler.sample(), 1).stream()
                .filter(offer -> offer.offerId().equals(id))
                .findFirst()
                .orElse(new Offer(id, CpuSet.empty(), 0, Offer.Reason.UNDERUSED, 2));
    }
}
