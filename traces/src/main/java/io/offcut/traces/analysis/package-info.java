/** What a job log says of its machine: allocation, use, idle intervals, and what to doubt. */
@NullMarked
package io.offcut.traces.analysis;

import org.jspecify.annotations.NullMarked;
