@NullMarked
package io.offcut.monitor;

import org.jspecify.annotations.NullMarked;
