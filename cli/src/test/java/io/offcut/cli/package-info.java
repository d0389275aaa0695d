@NullMarked
package io.offcut.cli;

import org.jspecify.annotations.NullMarked;
