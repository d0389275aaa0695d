package io.offcut.slurm.internal.site;

import static java.util.Objects.requireNonNull;

import io.offcut.slurm.SiteDaemon;
import io.offcut.slurm.internal.site.SiteFacts.Cgroups;
import io.offcut.slurm.internal.site.SiteFacts.Node;
import io.offcut.slurm.internal.site.SiteFacts.PluginFile;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The facts of sites where nothing is wrong. */
final class GoodSite {
    /** What 22.05.8 printed on a test cluster. */
    private static final String RECORDED_22_05 = resource("config-22.05.txt");

    /**
     * The lines that are judged, as slurm.conf(5), cgroup.conf(5) and scontrol(1) of these versions
     * have them: written by hand from the documentation, not recorded.
     */
    private static final Map<String, String> CONFIGS =
            Map.of(
                    "20.11",
                    byHand(
                            "20.11.9",
                            """
                            JobContainerType        = job_container/none
                            PlugStackConfig         = /etc/slurm/plugstack.conf
                            PreemptType             = preempt/partition_prio
                            TaskPlugin              = task/affinity,task/cgroup
                            """,
                            "AllowedDevicesFile      = (null)\nCgroupMountpoint        = (null)\n"),
                    "22.05",
                    RECORDED_22_05,
                    "23.11",
                    byHand(
                            "23.11.4",
                            """
                            JobContainerType        = (null)
                            PlugStackConfig         = (null)
                            PreemptType             = preempt/partition_prio
                            TaskPlugin              = task/affinity,task/cgroup
                            """,
                            "CgroupMountpoint        = /sys/fs/cgroup\nCgroupPlugin            = autodetect\n"),
                    "24.11",
                    byHand(
                            "24.11.5",
                            """
                            JobContainerType        = (null)
                            PlugStackConfig         = (null)
                            PreemptType             = preempt/qos
                            TaskPlugin              = task/cgroup,task/affinity
                            """,
                            "CgroupMountpoint        = /sys/fs/cgroup\nEnableControllers       = no\n"),
                    "25.05",
                    byHand(
                            "25.05.1",
                            """
                            JobContainerType        = (null)
                            PlugStackConfig         = (null)
                            PreemptType             = preempt/partition_prio
                            TaskPlugin              = task/affinity,task/cgroup
                            """,
                            "CgroupMountpoint        = /sys/fs/cgroup\nCgroupPlugin            = cgroup/v2\n"));

    /** The shape of 22.05. */
    static final String PARTITION =
            "PartitionName=%s AllowGroups=ALL Default=YES ExclusiveUser=%s GraceTime=0"
                    + " Nodes=n[1-4] PriorityJobFactor=1 PriorityTier=%d OverSubscribe=%s"
                    + " PreemptMode=%s State=UP SelectTypeParameters=NONE JobDefaults=(null)"
                    + " %s MaxMemPerNode=UNLIMITED";

    private GoodSite() {}

    private static String byHand(String version, String varying, String cgroups) {
        return """
        Configuration data as of 2026-11-26T21:07:38
        AuthType                = auth/munge
        ClusterName             = c1
        DefMemPerCPU            = 500
        JobAcctGatherType       = jobacct_gather/cgroup
        PrivateData             = none
        ProctrackType           = proctrack/cgroup
        PrologFlags             = Alloc,Contain
        SelectType              = select/cons_tres
        SelectTypeParameters    = CR_CORE_MEMORY
        SLURM_CONF              = /etc/slurm/slurm.conf
        SLURM_VERSION           = %s
        %s
        Cgroup Support Configuration:
        %sConstrainCores          = yes
        ConstrainRAMSpace       = yes
        ConstrainSwapSpace      = yes

        Slurmctld(primary) at head is UP
        """
                .formatted(version, varying, cgroups);
    }

    private static String resource(String name) {
        try (InputStream in = requireNonNull(GoodSite.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String partition(
            String name, String oneUser, int tier, String share, String preempt, String memory) {
        return PARTITION.formatted(name, oneUser, tier, share, preempt, memory);
    }

    static String partitions() {
        return partition("batch", "NO", 2, "NO", "OFF", "DefMemPerNode=UNLIMITED")
                + "\n"
                + partition("idle", "NO", 1, "NO", "CANCEL", "DefMemPerNode=UNLIMITED");
    }

    static Plugstack stack(boolean required, String... arguments) {
        return new Plugstack(
                "/etc/slurm/plugstack.conf",
                "",
                List.of(
                        new Plugstack.Line(
                                "/etc/slurm/plugstack.conf:1",
                                required,
                                "/usr/lib/slurm/offcut.so",
                                List.of(arguments))),
                List.of());
    }

    static PluginFile plugin(String slurm) {
        return new PluginFile("/usr/lib/slurm/offcut.so", "", "", slurm + ".1");
    }

    static Node node() {
        return new Node(
                "n1",
                "NodeName=n1 Arch=x86_64 CoresPerSocket=8 CPUTot=16 NodeHostName=n1 RealMemory=2048",
                new SiteDaemon("n1", true, "/run/offcut/n1.sock", ""),
                "",
                true,
                Reading.of("OK"),
                new Cgroups(1, Set.of("cpuset", "memory", "freezer", "pids")),
                0);
    }

    static SiteFacts of(String release) {
        return new SiteFacts(
                true,
                Reading.of("slurm " + release + ".1"),
                Reading.of(requireNonNull(CONFIGS.get(release))),
                Reading.of(partitions()),
                Reading.none("is not there"),
                stack(false, "socket=/run/offcut/%n.sock", "deadline_ms=100"),
                plugin(release),
                node());
    }
}
