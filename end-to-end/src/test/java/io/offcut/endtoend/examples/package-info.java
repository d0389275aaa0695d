/** Small programs on remote memory, as a user would write them; MemoryTest runs them. */
@NullMarked
package io.offcut.endtoend.examples;

import org.jspecify.annotations.NullMarked;
