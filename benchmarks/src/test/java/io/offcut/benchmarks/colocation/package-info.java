@NullMarked
package io.offcut.benchmarks.colocation;

import org.jspecify.annotations.NullMarked;
