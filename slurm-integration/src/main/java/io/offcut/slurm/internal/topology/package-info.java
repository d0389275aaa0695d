/** How the CPUs of this machine belong together. */
@NullMarked
package io.offcut.slurm.internal.topology;

import org.jspecify.annotations.NullMarked;
