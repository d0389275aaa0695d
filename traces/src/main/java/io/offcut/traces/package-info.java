/**
 * Traces of batch jobs and of functions. Job logs are read as streams, in whatever of the known
 * formats they are, into a table of jobs in primitive columns, and written again; function traces
 * likewise; a seeded generator makes synthetic job logs.
 *
 * <p>Reading: {@link io.offcut.traces.JobLogs}, or {@link io.offcut.traces.SwfReader} one job at a
 * time, and {@link io.offcut.traces.AzureFunctions}; writing: {@link io.offcut.traces.LogOutput};
 * making: {@link io.offcut.traces.JobTraceGenerator}. What a log says of its machine: {@link
 * io.offcut.traces.analysis}; logs made from logs: {@link io.offcut.traces.transform}. A small
 * generated log ships with the module ({@link io.offcut.traces.SampleTraces}).
 */
@NullMarked
package io.offcut.traces;

import org.jspecify.annotations.NullMarked;
