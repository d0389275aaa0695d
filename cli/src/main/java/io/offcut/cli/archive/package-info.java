/** What the launcher runs to make the archive of classes from which simulations start faster. */
@NullMarked
package io.offcut.cli.archive;

import org.jspecify.annotations.NullMarked;
