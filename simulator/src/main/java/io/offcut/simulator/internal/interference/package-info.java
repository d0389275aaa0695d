/** How fast running jobs are, beside functions and with help from leases. */
@NullMarked
package io.offcut.simulator.internal.interference;

import org.jspecify.annotations.NullMarked;
