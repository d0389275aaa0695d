/** The line protocol of job events and the socket it is spoken on. */
@NullMarked
package io.offcut.slurm.internal.event;

import org.jspecify.annotations.NullMarked;
