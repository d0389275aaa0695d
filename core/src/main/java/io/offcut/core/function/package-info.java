/**
 * Functions: what a bundle's manifest says of them, and the interface that a Java function
 * implements.
 */
@NullMarked
package io.offcut.core.function;

import org.jspecify.annotations.NullMarked;
