/** Function bundles: manifest, archive, content-addressed store. */
@NullMarked
package io.offcut.bundle;

import org.jspecify.annotations.NullMarked;
