package io.offcut.slurm.internal.site;

import io.offcut.slurm.SiteDaemon;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that {@link SiteChecks} judges, as it was read.
 *
 * @param installed whether Slurm's commands are on this machine
 * @param version {@code scontrol -V}; newer versions want a configuration even for that
 * @param config {@code scontrol show config}
 * @param partitions {@code scontrol show partition -o}
 * @param cgroupConf cgroup.conf beside slurm.conf
 * @param plugstack the plug-in stack of this machine
 * @param plugin the file that the stack names, or null if it names none
 * @param node this machine as a compute node, or null if it is none
 */
public record SiteFacts(
        boolean installed,
        Reading version,
        Reading config,
        Reading partitions,
        Reading cgroupConf,
        Plugstack plugstack,
        @Nullable PluginFile plugin,
        @Nullable Node node) {
    /**
     * This machine as a compute node.
     *
     * @param name Slurm's name of it
     * @param record its line of {@code scontrol show node -o}
     * @param daemon the node daemon's configuration; null if it could not be read
     * @param daemonProblem why not
     * @param root whether the doctor runs as root
     * @param socket what the daemon answered to PING at the socket that the plugin uses
     * @param cgroups the machine's control groups
     * @param swapBytes swap of the machine
     */
    public record Node(
            String name,
            String record,
            @Nullable SiteDaemon daemon,
            String daemonProblem,
            boolean root,
            Reading socket,
            Cgroups cgroups,
            long swapBytes) {}

    /**
     * Control groups of a machine.
     *
     * @param version 1 or 2; 0 for none
     * @param controllers what there is
     */
    public record Cgroups(int version, Set<String> controllers) {
        public Cgroups {
            controllers = Set.copyOf(controllers);
        }
    }

    /**
     * The plug-in file.
     *
     * @param path where it should be
     * @param problem why it cannot be read; empty if it can
     * @param writers who besides root may replace or change it; empty if nobody
     * @param slurmVersion what it was compiled for, {@code 22.05.8}; empty if it does not say
     */
    public record PluginFile(String path, String problem, String writers, String slurmVersion) {}

    /**
     * The lines of plugstack.conf and of the files it includes.
     *
     * @param place the file that was read first
     * @param problem why it could not be read; empty if it could
     * @param lines its plug-in lines
     * @param warnings lines that Slurm passes over, and limits that were met
     */
    public record Plugstack(String place, String problem, List<Line> lines, List<String> warnings) {
        /**
         * One plug-in line.
         *
         * @param place file and line
         * @param required whether a job fails without it
         * @param path the plug-in's file, as written
         * @param arguments what stands behind it
         */
        public record Line(String place, boolean required, String path, List<String> arguments) {
            public Line {
                arguments = List.copyOf(arguments);
            }

            /** Whether it is Offcut's. */
            public boolean offcut() {
                return path.equals("offcut.so") || path.endsWith("/offcut.so");
            }
        }

        public Plugstack {
            lines = List.copyOf(lines);
            warnings = List.copyOf(warnings);
        }

        /** Offcut's lines. */
        public List<Line> offcut() {
            return lines.stream().filter(Line::offcut).toList();
        }
    }
}
