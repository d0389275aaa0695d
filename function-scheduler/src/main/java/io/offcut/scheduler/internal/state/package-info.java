/** What survives a restart: key, functions, drained nodes, idle times, accounting. */
@NullMarked
package io.offcut.scheduler.internal.state;

import org.jspecify.annotations.NullMarked;
