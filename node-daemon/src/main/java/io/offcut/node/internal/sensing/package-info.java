/** From what is seen of the machine and heard of Slurm to the node's offers. */
@NullMarked
package io.offcut.node.internal.sensing;

import org.jspecify.annotations.NullMarked;
