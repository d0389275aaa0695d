/** {@code offcut simulate}: what a cluster would gain, from its own job log. */
@NullMarked
package io.offcut.cli.simulate;

import org.jspecify.annotations.NullMarked;
