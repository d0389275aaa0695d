/**
 * The invocation frame: what is written into a worker's memory, as named offsets. The same for
 * every transport.
 */
@NullMarked
package io.offcut.core.frame;

import org.jspecify.annotations.NullMarked;
