/**
 * Real daemons, real processes, real Slurm: what only the whole can show. And the rules that the
 * structure keeps.
 */
@NullMarked
package io.offcut.endtoend;

import org.jspecify.annotations.NullMarked;
