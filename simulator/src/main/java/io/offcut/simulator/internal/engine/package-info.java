/** Virtual time, the order of events, and what is measured. */
@NullMarked
package io.offcut.simulator.internal.engine;

import org.jspecify.annotations.NullMarked;
