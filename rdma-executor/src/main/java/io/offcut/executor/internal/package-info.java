/** What both ends of every transport share. */
@NullMarked
package io.offcut.executor.internal;

import org.jspecify.annotations.NullMarked;
