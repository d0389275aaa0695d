@NullMarked
package io.offcut.linux;

import org.jspecify.annotations.NullMarked;
