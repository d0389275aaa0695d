@NullMarked
package io.offcut.cli.map;

import org.jspecify.annotations.NullMarked;
