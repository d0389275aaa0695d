/** Executor processes: started inside their sandbox, watched, frozen, ended, found again. */
@NullMarked
package io.offcut.node.internal.executor;

import org.jspecify.annotations.NullMarked;
