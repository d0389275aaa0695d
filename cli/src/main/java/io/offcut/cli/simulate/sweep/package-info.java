/** {@code offcut simulate sweep}: one simulation for each point of a grid of options. */
@NullMarked
package io.offcut.cli.simulate.sweep;

import org.jspecify.annotations.NullMarked;
