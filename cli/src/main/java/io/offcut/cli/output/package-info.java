/** What the command line shows: tables, JSON, progress, and what kind of terminal is there. */
@NullMarked
package io.offcut.cli.output;

import org.jspecify.annotations.NullMarked;
