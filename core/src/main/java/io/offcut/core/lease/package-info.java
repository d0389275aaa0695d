/**
 * Leases: their terms, states, ends, and the signed token that carries the terms from scheduler to
 * node.
 */
@NullMarked
package io.offcut.core.lease;

import org.jspecify.annotations.NullMarked;
