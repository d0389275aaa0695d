/**
 * Which nodes were idle, from samples that somebody recorded: readers, what a record holds, and
 * what it says. The formats are in docs/reference/idle-samples.md.
 */
@NullMarked
package io.offcut.traces.idle;

import org.jspecify.annotations.NullMarked;
