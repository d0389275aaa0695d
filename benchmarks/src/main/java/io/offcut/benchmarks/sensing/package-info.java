/** What it costs a node to be looked at. */
@NullMarked
package io.offcut.benchmarks.sensing;

import org.jspecify.annotations.NullMarked;
