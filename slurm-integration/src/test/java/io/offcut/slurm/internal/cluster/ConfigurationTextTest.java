package io.offcut.slurm.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.offcut.slurm.SlurmClusterConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigurationTextTest {
    private static final ClusterLayout LAYOUT = new ClusterLayout(Path.of("/tmp/c"));

    private static String conf(SlurmClusterConfig config, boolean cgroups) {
        return ConfigurationText.slurmConf(
                config,
                new ConfigurationText.Setting(
                        LAYOUT,
                        "host",
                        "root",
                        List.of("n1", "n2"),
                        List.of(20001, 20002, 20003),
                        cgroups,
                        22));
    }

    @Test
    void listensOnLoopbackOnly() {
        assertThat(conf(SlurmClusterConfig.fakeNodes(2, 8, 16000), true).lines())
                .contains(
                        "SlurmctldHost=host(127.0.0.1)",
                        "SlurmctldPort=20001",
                        "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny",
                        "NodeName=n2 NodeAddr=127.0.0.1 NodeHostname=n2 Port=20003 CPUs=8"
                                + " RealMemory=16000 State=UNKNOWN",
                        "SlurmdSpoolDir=/tmp/c/spool/%n",
                        "TmpFS=/tmp/c/tmp/%n");
    }

    @Test
    void takesThePluginsTheMachineAllows() {
        SlurmClusterConfig config = SlurmClusterConfig.fakeNodes(2, 8, 16000);

        assertThat(conf(config, true).lines())
                .contains("ProctrackType=proctrack/cgroup", "TaskPlugin=task/cgroup");
        assertThat(conf(config, false).lines())
                .contains("ProctrackType=proctrack/pgid", "TaskPlugin=task/none");
    }

    @Test
    void hasNoEmptyOptionAndTheExtraLines() {
        String conf =
                conf(
                        SlurmClusterConfig.fakeNodes(2, 8, 16000)
                                .withScripts(Path.of("/h/prolog"), null)
                                .withLines("MinJobAge=10"),
                        true);

        assertThat(conf.lines())
                .contains("Prolog=/h/prolog", "MinJobAge=10")
                .noneMatch(line -> line.endsWith("=") || line.startsWith("Epilog"));
    }

    @Test
    void leavesOutWhatNewerSlurmRefuses() {
        assertThat(ConfigurationText.cgroupConf(true, 22))
                .contains("CgroupAutomount=no\n", "ConstrainCores=yes\n");
        assertThat(ConfigurationText.cgroupConf(false, 24))
                .doesNotContain("CgroupAutomount")
                .contains("ConstrainCores=no\n");
        assertThat(SlurmVersion.major("slurm-wlm 22.05.8")).isEqualTo(22);
        assertThat(SlurmVersion.major("slurm 25.05.1")).isEqualTo(25);
        assertThat(SlurmVersion.major("what?")).isEqualTo(22);
    }
}
