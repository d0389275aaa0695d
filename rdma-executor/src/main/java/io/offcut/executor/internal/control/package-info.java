/** The lines that an executor and its node daemon exchange. */
@NullMarked
package io.offcut.executor.internal.control;

import org.jspecify.annotations.NullMarked;
