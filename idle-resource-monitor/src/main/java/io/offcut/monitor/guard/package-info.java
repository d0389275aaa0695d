/** The guard: finds out whether functions slow the batch jobs beside them, and takes them away. */
@NullMarked
package io.offcut.monitor.guard;

import org.jspecify.annotations.NullMarked;
