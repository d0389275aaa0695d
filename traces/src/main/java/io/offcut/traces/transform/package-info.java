/** Logs made from logs: some of the jobs, a sample, without names. */
@NullMarked
package io.offcut.traces.transform;

import org.jspecify.annotations.NullMarked;
