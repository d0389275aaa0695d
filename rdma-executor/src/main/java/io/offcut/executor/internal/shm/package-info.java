/** Shared memory: the layout of a region, and the two ends of a channel on it. */
@NullMarked
package io.offcut.executor.internal.shm;

import org.jspecify.annotations.NullMarked;
