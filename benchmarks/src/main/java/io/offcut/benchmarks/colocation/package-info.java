/** What a batch job loses to functions beside it. */
@NullMarked
package io.offcut.benchmarks.colocation;

import org.jspecify.annotations.NullMarked;
