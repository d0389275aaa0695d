/**
 * The function scheduler as a process: {@link io.offcut.scheduler.SchedulerServer} puts an HTTP
 * API, node links, a function store and accounting around the pure core in {@code brain}.
 */
@NullMarked
package io.offcut.scheduler;

import org.jspecify.annotations.NullMarked;
