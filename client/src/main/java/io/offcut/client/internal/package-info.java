/**
 * How the client speaks HTTP and JSON with scheduler and node daemons. Not for use from outside.
 */
@NullMarked
package io.offcut.client.internal;

import org.jspecify.annotations.NullMarked;
