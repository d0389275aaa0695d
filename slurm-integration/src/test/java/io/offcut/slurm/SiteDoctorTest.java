package io.offcut.slurm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.slurm.SiteFinding.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a real Slurm. */
@Timeout(120)
class SiteDoctorTest {
    @TempDir Path folder;

    @BeforeEach
    void needsSlurm() {
        assumeTrue(
                SlurmCluster.missingPrograms().isEmpty(),
                () -> "needs Slurm: apt-get install " + SlurmCluster.aptPackages());
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root: cgroup plugins");
    }

    private Path stack(String line) throws IOException {
        return Files.writeString(folder.resolve("plugstack.conf"), line + "\n");
    }

    private static List<String> checks(SiteReport report, State state) {
        return report.findings().stream()
                .filter(f -> f.state() == state)
                .map(SiteFinding::check)
                .toList();
    }

    private static SiteReport examine(SlurmCluster cluster, SiteDaemon daemon) {
        return SiteDoctor.examine(
                new SiteDoctor.Question(cluster.slurmConf(), daemon.name(), daemon, ""));
    }

    @Test
    void findsNothingButTheMissingFileOnAGoodCluster() throws IOException {
        Path socket = folder.resolve("jobs.sock");
        Path stack = stack("optional " + folder + "/none/offcut.so socket=" + socket);
        SlurmClusterConfig config =
                SlurmClusterConfig.realNodes(1, 2000)
                        .withLines(
                                "PlugStackConfig=" + stack,
                                "PreemptType=preempt/partition_prio",
                                "PreemptMode=CANCEL");
        try (SlurmCluster cluster = SlurmCluster.start(config)) {
            assumeTrue(cluster.usesCgroups(), "needs cgroup v1: tracks jobs by them");
            String node = cluster.nodeNames().getFirst();
            SiteDaemon daemon = new SiteDaemon(node, true, socket.toString(), "");
            try (JobEventServer server = server(socket)) {
                SiteReport report = examine(cluster, daemon);

                assertThat(server.socketPath()).isEqualTo(socket);
                assertThat(checks(report, State.CHANGE)).containsExactly("plugin file");
                assertThat(report.failure()).contains(ErrorCode.CONFLICT);
            }
            assertThat(checks(examine(cluster, daemon), State.CHANGE))
                    .containsExactly("plugin file", "plugin socket");
            assertThatThrownBy(() -> examine(cluster, new SiteDaemon("other", true, "/s", "")))
                    .isInstanceOf(OffcutException.class)
                    .hasMessageContaining("does not know node other");
        }
    }

    @Test
    void findsEachThingThatWasBrokenAndNoOther() throws IOException {
        Path stack = stack("required /bin/true\nrequired /nowhere/offcut.so deadline=5");
        // Slurm takes the last of two lines.
        SlurmClusterConfig config =
                SlurmClusterConfig.fakeNodes(1, 2, 2000)
                        .withLines(
                                "PrologFlags=Alloc",
                                "ProctrackType=proctrack/linuxproc",
                                "TaskPlugin=task/none",
                                "JobAcctGatherType=jobacct_gather/none",
                                "SelectTypeParameters=CR_Core");
        try (SlurmCluster cluster = SlurmCluster.start(config)) {
            // Only now: with 'required' no job, and no slurmd, would start.
            Files.copy(stack, cluster.slurmConf().resolveSibling("plugstack.conf"));
            String node = cluster.nodeNames().getFirst();
            SiteDaemon daemon = new SiteDaemon(node, false, "/nowhere/jobs.sock", "");

            SiteReport report = examine(cluster, daemon);

            assertThat(checks(report, State.CHANGE))
                    .containsExactly(
                            "PrologFlags",
                            "ProctrackType",
                            "TaskPlugin",
                            "ConstrainCores",
                            "SelectTypeParameters",
                            "plugstack.conf",
                            "plugin arguments",
                            "plugin file",
                            "node.yaml",
                            "plugin socket");
        }
    }

    private static JobEventServer server(Path socket) {
        return JobEventServer.start(
                JobEventServerConfig.at(socket),
                new JobEvents() {
                    @Override
                    public boolean jobStarting(JobStart start) {
                        return true;
                    }

                    @Override
                    public Allocated jobAllocated(JobAllocation allocation) {
                        return new Allocated(true, List.of());
                    }

                    @Override
                    public void stepEnded(String jobId, String step) {}

                    @Override
                    public void jobEnded(String jobId) {}

                    @Override
                    public void eventLost() {}
                });
    }
}
