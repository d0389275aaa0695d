/** What is to come, ordered by its time. */
@NullMarked
package io.offcut.simulator.internal.time;

import org.jspecify.annotations.NullMarked;
