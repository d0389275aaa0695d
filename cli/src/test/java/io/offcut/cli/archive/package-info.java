@NullMarked
package io.offcut.cli.archive;

import org.jspecify.annotations.NullMarked;
