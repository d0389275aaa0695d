/**
 * RDMA: one-sided writes with immediate data, the door that checks who connects, and the two ends
 * of a channel.
 */
@NullMarked
package io.offcut.executor.internal.verbs;

import org.jspecify.annotations.NullMarked;
