@NullMarked
package io.offcut.monitor.guard;

import org.jspecify.annotations.NullMarked;
