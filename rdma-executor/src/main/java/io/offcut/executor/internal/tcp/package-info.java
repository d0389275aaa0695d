/**
 * TCP: frames on a byte stream, the door that checks who comes in, and the two ends of a channel.
 */
@NullMarked
package io.offcut.executor.internal.tcp;

import org.jspecify.annotations.NullMarked;
