/**
 * What a node daemon and the scheduler say to each other on their one long-lived connection: JSON
 * text messages, told apart by {@code "type"}. The node opens it, sends a {@link
 * io.offcut.core.link.NodeMessage.Snapshot} first and deltas after.
 */
@NullMarked
package io.offcut.core.link;

import org.jspecify.annotations.NullMarked;
