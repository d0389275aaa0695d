package io.offcut.slurm.internal.cluster;

import io.offcut.slurm.SlurmClusterConfig;
import io.offcut.slurm.SlurmClusterConfig.NodeSize;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes slurm.conf and cgroup.conf for a private cluster on loopback: several slurmd on one
 * address with different ports, as builds with multiple-slurmd allow. Pure.
 */
final class ConfigurationText {
    /**
     * What the text depends on besides the configuration.
     *
     * @param host the machine's short name
     * @param user who runs the daemons
     * @param ports the controller's, then one per node
     * @param cgroups whether cgroup v1 plugins are used
     * @param majorVersion of Slurm, for example 22
     */
    record Setting(
            ClusterLayout layout,
            String host,
            String user,
            List<String> nodeNames,
            List<Integer> ports,
            boolean cgroups,
            int majorVersion) {}

    private ConfigurationText() {}

    static String slurmConf(SlurmClusterConfig config, Setting setting) {
        ClusterLayout layout = setting.layout();
        StringBuilder text = new StringBuilder("# A private test cluster; made by Offcut.\n");
        text.append(
                """
                ClusterName=offcut
                SlurmctldHost=%s(127.0.0.1)
                SlurmctldPort=%d
                SlurmUser=%s
                SlurmdUser=%s
                AuthType=auth/munge
                AuthInfo=socket=%s
                CredType=cred/munge
                CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
                SlurmdParameters=config_overrides
                """
                        .formatted(
                                setting.host(),
                                setting.ports().getFirst(),
                                setting.user(),
                                setting.user(),
                                layout.mungeSocket()));
        text.append(files(layout.directory()));
        text.append(plugins(setting.cgroups()));
        text.append(SCHEDULING);
        appendPath(text, "Prolog", config.prolog());
        appendPath(text, "Epilog", config.epilog());
        config.extraLines().forEach(line -> text.append(line).append('\n'));
        appendNodes(text, config.nodes(), setting);
        text.append("PartitionName=batch Nodes=ALL Default=YES MaxTime=60 State=UP\n");
        return text.toString();
    }

    private static String files(Path directory) {
        return """
        SlurmctldPidFile=%1$s/run/slurmctld.pid
        SlurmdPidFile=%1$s/run/slurmd-%%n.pid
        StateSaveLocation=%1$s/state
        SlurmdSpoolDir=%1$s/spool/%%n
        TmpFS=%1$s/tmp/%%n
        JobCompType=jobcomp/filetxt
        JobCompLoc=%1$s/log/jobcomp.log
        """
                .formatted(directory);
    }

    private static String plugins(boolean cgroups) {
        return cgroups
                ? """
                ProctrackType=proctrack/cgroup
                TaskPlugin=task/cgroup
                JobAcctGatherType=jobacct_gather/cgroup
                """
                : """
                ProctrackType=proctrack/pgid
                TaskPlugin=task/none
                JobAcctGatherType=jobacct_gather/none
                """;
    }

    private static final String SCHEDULING =
            """
            MpiDefault=none
            SchedulerType=sched/backfill
            SchedulerParameters=sched_min_interval=0,bf_interval=1,batch_sched_delay=0
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core_Memory
            DefMemPerCPU=500
            PrologFlags=Alloc,Contain
            AccountingStorageType=accounting_storage/none
            ReturnToService=2
            SlurmctldTimeout=30
            SlurmdTimeout=30
            KillWait=2
            MessageTimeout=10
            """;

    private static void appendPath(StringBuilder text, String key, @Nullable Path path) {
        if (path != null) {
            text.append(key).append('=').append(path).append('\n');
        }
    }

    private static void appendNodes(StringBuilder text, List<NodeSize> sizes, Setting setting) {
        for (int i = 0; i < sizes.size(); i++) {
            String name = setting.nodeNames().get(i);
            text.append(
                    "NodeName=%s NodeAddr=127.0.0.1 NodeHostname=%s Port=%d CPUs=%d RealMemory=%d State=UNKNOWN\n"
                            .formatted(
                                    name,
                                    name,
                                    setting.ports().get(i + 1),
                                    sizes.get(i).cpus(),
                                    sizes.get(i).memoryMegabytes()));
        }
    }

    static String cgroupConf(boolean constrainCores, int majorVersion) {
        // Newer versions mount nothing by themselves and refuse the option.
        String automount = majorVersion < 23 ? "CgroupAutomount=no\n" : "";
        return """
        CgroupPlugin=cgroup/v1
        CgroupMountpoint=/sys/fs/cgroup
        %sConstrainRAMSpace=yes
        ConstrainCores=%s
        """
                .formatted(automount, constrainCores ? "yes" : "no");
    }
}
