/** Nodes, their cores and memory, and which job is on which. */
@NullMarked
package io.offcut.simulator.internal.cluster;

import org.jspecify.annotations.NullMarked;
