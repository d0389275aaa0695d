package io.offcut.slurm;

import io.offcut.core.SharePolicy;
import org.jspecify.annotations.Nullable;

/**
 * A job is about to start here, as its prolog tells.
 *
 * @param cpus how many of the node's CPUs it gets, as Slurm counts them; 0 if that is not known
 * @param share what its user says of sharing; null if nothing
 */
public record JobStart(String jobId, int cpus, @Nullable SharePolicy share) {}
