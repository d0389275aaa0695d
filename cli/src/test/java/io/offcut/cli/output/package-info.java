@NullMarked
package io.offcut.cli.output;

import org.jspecify.annotations.NullMarked;
