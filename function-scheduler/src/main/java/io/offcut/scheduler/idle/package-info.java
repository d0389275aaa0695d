/** How long nodes have stayed idle so far, and what follows for those that are idle now. */
@NullMarked
package io.offcut.scheduler.idle;

import org.jspecify.annotations.NullMarked;
