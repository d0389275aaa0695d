/**
 * What the daemon keeps on disk, written so that a crash at any moment leaves the old or the new.
 */
@NullMarked
package io.offcut.node.internal.store;

import org.jspecify.annotations.NullMarked;
