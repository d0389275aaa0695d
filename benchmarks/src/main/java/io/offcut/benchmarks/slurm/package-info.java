/** What Offcut costs the jobs of a Slurm, on a private cluster. */
@NullMarked
package io.offcut.benchmarks.slurm;

import org.jspecify.annotations.NullMarked;
