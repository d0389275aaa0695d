package io.offcut.slurm;

/**
 * A node became available, drained, silent or down in Slurm.
 *
 * @param node Slurm's name of it
 * @param availability what it is now
 * @param reason why, as the administrator or Slurm put it; empty if nobody said
 */
public record NodeChange(String node, SlurmNode.Availability availability, String reason) {}
