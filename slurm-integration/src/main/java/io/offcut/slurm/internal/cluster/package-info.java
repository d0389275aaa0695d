/** The parts of the private test cluster. */
@NullMarked
package io.offcut.slurm.internal.cluster;

import org.jspecify.annotations.NullMarked;
