/** Recorded idle nodes replayed: with pilot jobs, and with the scheduling core on virtual time. */
@NullMarked
package io.offcut.simulator.internal.idle;

import org.jspecify.annotations.NullMarked;
