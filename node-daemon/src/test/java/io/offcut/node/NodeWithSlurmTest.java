package io.offcut.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.CpuSet;
import io.offcut.core.api.OpenedLease;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.core.lease.EndReason;
import io.offcut.core.lease.LeaseState;
import io.offcut.executor.InvocationChannel;
import io.offcut.slurm.CommandResult;
import io.offcut.slurm.SlurmCluster;
import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmRun;
import io.offcut.slurm.SpankPlugin;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A real daemon on a node of a real Slurm. */
class NodeWithSlurmTest {
    /** Asks the daemon for a lease from inside the job, as the first thing the job does. */
    private static String ask(TestNode node, String leaseId) {
        return "exec 3<>/dev/tcp/127.0.0.1/"
                + node.uri().getPort()
                + "; printf 'GET /v1/leases/"
                + leaseId
                + " HTTP/1.1\\r\\nHost: n\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3";
    }

    @Test
    void givesAJobItsCoresBeforeItStarts() throws Exception {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                "needs Slurm: " + SlurmCluster.missingPrograms());
        assumeTrue(
                SpankPlugin.available(),
                "needs the SPANK plugin: no C compiler or slurm/spank.h at build time");
        SlurmClusterConfig config =
                SlurmClusterConfig.fakeNodes(1, 4, 4000).withOffcutPlugin(Duration.ofSeconds(20));
        try (SlurmCluster cluster = SlurmCluster.start(config);
                TestNode node = new TestNode(cluster.nodeNames().getFirst())) {
            node.config.put("cpus", "0-3");
            node.config.put("cpuMap", "0-3=0");
            node.config.put("slurm", "on");
            node.config.put("slurmConf", cluster.slurmConf().toString());
            node.config.put("jobSocket", cluster.jobEventSocket(node.name).toString());
            node.config.put("jobWaitMillis", 15_000);
            node.start().awaitOffered("0-3");
            OpenedLease first = node.open(node.terms("first", "0,1"), "shm");
            node.open(node.terms("last", "3"), "shm");
            try (InvocationChannel channel = TestNode.connect(first.channels().getFirst())) {
                assertThat(TestNode.echo(channel, "before")).isEqualTo("before");
                String ask = ask(node, "first");
                CommandResult job =
                        cluster.run(
                                SlurmRun.of("srun", "-n1", "-c3", "bash", "-c", ask)
                                        .within(Duration.ofSeconds(60)));
                assertThat(job.exitCode()).as(job.error()).isZero();
                assertThat(job.output()).contains("\"endReason\":\"RECLAIMED\"");
                Awaitility.await().atMost(TestNode.PATIENCE).until(() -> channel.ended() != 0);
                assertThat(InvocationStatus.of(channel.ended()))
                        .isEqualTo(InvocationStatus.REVOKED);
            }
            assertThat(node.lease("last").state()).isEqualTo(LeaseState.ACTIVE);
            node.awaitOffered("0-3");
            String whole = cluster.submit("--exclusive", "--wrap", "sleep 60");
            Awaitility.await()
                    .atMost(TestNode.PATIENCE)
                    .untilAsserted(() -> {
                        assertThat(node.lease("last").endReason()).isEqualTo(EndReason.RECLAIMED);
                        assertThat(node.status().jobs())
                                .singleElement()
                                .satisfies(job -> {
                                    assertThat(job.jobId()).isEqualTo(whole);
                                    assertThat(job.evidence()).isEqualTo("TOLD");
                                    assertThat(job.cores()).isEqualTo(CpuSet.range(0, 3));
                                    assertThat(job.shared()).isFalse();
                                    assertThat(job.steps()).contains("batch", "extern");
                                });
                        assertThat(node.status().offers())
                                .noneMatch(o -> o.cores().intersects(CpuSet.range(0, 3)));
                    });
            cluster.run("scancel", whole);
            node.awaitOffered("0-3");
        }
    }
}
