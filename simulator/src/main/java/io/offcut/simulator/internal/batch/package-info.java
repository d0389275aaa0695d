/**
 * Batch schedulers: which job starts when. They know jobs and a number of free slots, not nodes.
 */
@NullMarked
package io.offcut.simulator.internal.batch;

import org.jspecify.annotations.NullMarked;
