/** The Java client: connect, lease, invoke, retry. */
@NullMarked
package io.offcut.client;

import org.jspecify.annotations.NullMarked;
