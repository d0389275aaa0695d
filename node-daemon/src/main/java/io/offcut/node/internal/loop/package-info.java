/** The daemon's one thread of decisions. */
@NullMarked
package io.offcut.node.internal.loop;

import org.jspecify.annotations.NullMarked;
