/** The node's one connection to the scheduler. */
@NullMarked
package io.offcut.node.internal.link;

import org.jspecify.annotations.NullMarked;
