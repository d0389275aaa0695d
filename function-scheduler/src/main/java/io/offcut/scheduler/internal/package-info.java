/** What surrounds the core: its one thread, leases as clients see them, metrics. */
@NullMarked
package io.offcut.scheduler.internal;

import org.jspecify.annotations.NullMarked;
