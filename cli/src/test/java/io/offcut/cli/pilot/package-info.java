@NullMarked
package io.offcut.cli.pilot;

import org.jspecify.annotations.NullMarked;
