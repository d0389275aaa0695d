/**
 * Values shared by every module: CPU sets, offers, leases, tokens, the records that travel between
 * processes, and the invocation frame. Nothing here does I/O, reads a clock or starts a thread.
 */
@NullMarked
package io.offcut.core;

import org.jspecify.annotations.NullMarked;
