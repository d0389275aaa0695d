/** Runs other programs with limits on time and output. */
@NullMarked
package io.offcut.slurm.internal.exec;

import org.jspecify.annotations.NullMarked;
