package io.offcut.slurm;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What matters of a partition to whoever wants its idle nodes.
 *
 * @param maxTime longest time limit of its jobs; null for none
 * @param preemptible whether its jobs give way to those of a partition of a higher tier
 */
public record SlurmPartition(String name, @Nullable Duration maxTime, boolean preemptible) {}
