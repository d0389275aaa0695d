package io.offcut.slurm;

import java.nio.file.Path;
import java.util.List;

/**
 * How a test cluster is.
 *
 * @param directory where it lives
 * @param slurmConf its configuration, for SLURM_CONF
 * @param daemons all its daemons, alive or not
 * @param nodes its nodes as the controller sees them; empty if the controller does not answer
 */
public record SlurmClusterStatus(
        Path directory, Path slurmConf, List<Daemon> daemons, List<SlurmNode> nodes) {
    /**
     * One daemon.
     *
     * @param name {@code munged}, {@code slurmctld}, or {@code slurmd-} and the node
     * @param pid its process id
     * @param alive whether it runs
     */
    public record Daemon(String name, long pid, boolean alive) {}

    public SlurmClusterStatus {
        daemons = List.copyOf(daemons);
        nodes = List.copyOf(nodes);
    }

    /** Whether all daemons run and every node may take jobs. */
    public boolean healthy() {
        return daemons.stream().allMatch(Daemon::alive)
                && !nodes.isEmpty()
                && nodes.stream()
                        .allMatch(n -> n.availability() == SlurmNode.Availability.AVAILABLE);
    }
}
