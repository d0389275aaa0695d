/**
 * What the node knows of its leases, as a pure state machine: event and time in, actions out. No
 * I/O, no clock, no thread.
 */
@NullMarked
package io.offcut.node.internal.lease;

import org.jspecify.annotations.NullMarked;
