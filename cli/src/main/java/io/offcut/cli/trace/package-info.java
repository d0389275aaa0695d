/** {@code offcut trace}: job logs looked at, converted and made. */
@NullMarked
package io.offcut.cli.trace;

import org.jspecify.annotations.NullMarked;
