/** Measurements beside their limit. */
@NullMarked
package io.offcut.benchmarks;

import org.jspecify.annotations.NullMarked;
