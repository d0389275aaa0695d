/** Leases of memory only: the layout of their region, the process that holds it, and channels. */
@NullMarked
package io.offcut.executor.internal.memory;

import org.jspecify.annotations.NullMarked;
