/** Function bundles on this node. */
@NullMarked
package io.offcut.node.internal.bundle;

import org.jspecify.annotations.NullMarked;
