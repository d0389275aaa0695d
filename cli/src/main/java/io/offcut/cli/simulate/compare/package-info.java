/** {@code offcut simulate compare}: what differs between two results. */
@NullMarked
package io.offcut.cli.simulate.compare;

import org.jspecify.annotations.NullMarked;
