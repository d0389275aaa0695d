/** The links of the nodes. */
@NullMarked
package io.offcut.scheduler.internal.link;

import org.jspecify.annotations.NullMarked;
