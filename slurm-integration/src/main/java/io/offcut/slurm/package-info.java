/** Slurm as this system sees it: records, commands, node events and a private test cluster. */
@NullMarked
package io.offcut.slurm;

import org.jspecify.annotations.NullMarked;
