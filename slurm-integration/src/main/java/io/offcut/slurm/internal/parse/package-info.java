/** Reads what Slurm's commands print. */
@NullMarked
package io.offcut.slurm.internal.parse;

import org.jspecify.annotations.NullMarked;
