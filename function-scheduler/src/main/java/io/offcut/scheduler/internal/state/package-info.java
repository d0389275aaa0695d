/** What survives a restart: key, functions, drained nodes, accounting. */
@NullMarked
package io.offcut.scheduler.internal.state;

import org.jspecify.annotations.NullMarked;
