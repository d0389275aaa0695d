/**
 * {@code offcut map}: a function over files or lines, with a journal, so that an interrupted run is
 * taken up where it was.
 */
@NullMarked
package io.offcut.cli.map;

import org.jspecify.annotations.NullMarked;
