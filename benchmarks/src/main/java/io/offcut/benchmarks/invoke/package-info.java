/** What an invocation costs, beside the bare mechanism below it in the same run. */
@NullMarked
package io.offcut.benchmarks.invoke;

import org.jspecify.annotations.NullMarked;
