/**
 * Invocation: the channel a client writes into, the transports below it, and the executor process
 * at its other end. This root package is what clients and node daemons use.
 */
@NullMarked
package io.offcut.executor;

import org.jspecify.annotations.NullMarked;
