/** The simulator beside the least program that finds the same schedule. */
@NullMarked
package io.offcut.benchmarks.simulate;

import org.jspecify.annotations.NullMarked;
