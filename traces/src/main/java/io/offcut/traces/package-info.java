/**
 * Traces of batch jobs: the Standard Workload Format read and written as a stream, a table of jobs
 * in primitive columns, and a seeded generator of synthetic logs.
 *
 * <p>Reading: {@link io.offcut.traces.SwfReader}; writing: {@link io.offcut.traces.SwfWriter};
 * making: {@link io.offcut.traces.JobTraceGenerator}. A small generated log ships with the module
 * ({@link io.offcut.traces.SampleTraces}).
 */
@NullMarked
package io.offcut.traces;

import org.jspecify.annotations.NullMarked;
