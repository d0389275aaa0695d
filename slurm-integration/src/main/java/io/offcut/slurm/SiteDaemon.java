package io.offcut.slurm;

/**
 * What the configuration of this machine's node daemon says.
 *
 * @param name its name of the node
 * @param slurmOn whether it looks after Slurm
 * @param jobSocket where it listens for the plugin
 * @param cpus the logical CPUs it may offer, {@code 0-3,8}; empty for all
 */
public record SiteDaemon(String name, boolean slurmOn, String jobSocket, String cpus) {}
