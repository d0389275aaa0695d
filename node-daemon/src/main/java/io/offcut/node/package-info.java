/** The node daemon: senses, offers, verifies leases, runs executors, gives back. */
@NullMarked
package io.offcut.node;

import org.jspecify.annotations.NullMarked;
