/**
 * Batch schedulers: which job starts when, and where more than a number of free slots decides, on
 * which nodes.
 */
@NullMarked
package io.offcut.simulator.internal.batch;

import org.jspecify.annotations.NullMarked;
