/** What functions cost batch jobs of a real Slurm, beside the same cluster without them. */
@NullMarked
package io.offcut.benchmarks.slurm;

import org.jspecify.annotations.NullMarked;
