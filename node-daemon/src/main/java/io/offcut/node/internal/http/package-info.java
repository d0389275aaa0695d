/** The daemon's HTTP interface: leases, the node's state, metrics, health. */
@NullMarked
package io.offcut.node.internal.http;

import org.jspecify.annotations.NullMarked;
