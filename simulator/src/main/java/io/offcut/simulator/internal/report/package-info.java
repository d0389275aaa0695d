/** A result as one page for people. */
@NullMarked
package io.offcut.simulator.internal.report;

import org.jspecify.annotations.NullMarked;
