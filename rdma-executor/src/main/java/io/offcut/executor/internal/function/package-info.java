/** The three kinds of functions behind one call. */
@NullMarked
package io.offcut.executor.internal.function;

import org.jspecify.annotations.NullMarked;
